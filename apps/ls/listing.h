// SPDX-License-Identifier: MIT
// The lines of a listing.
#pragma once

#include "apps/ls/ls_flags.h"
#include "apps/reading/buffered_output.h"
#include "libfs/fs/file_data.h"
#include "libfs/render/local_time.h"

namespace btrkit::apps {

/// Lists what is asked for, one start after the other.
class Listing {
public:
    Listing(const LsFlags& flags, OutputSink& out, ReadingErrors& errors);

    /// Whether to go on: the output could be written, and nobody stopped it.
    bool list(const Filesystem& filesystem, const Start& start, bool has_others, const StopToken& stop);
    Result<void> finish() { return out_.finish(); }

private:
    void put_step(survey::NameWalk& walk, const Start& start, const survey::NameStep& step);
    void put_name(survey::NameWalk& walk, std::string_view path, std::string_view name,
                  const survey::WalkedName& walked);
    void put_long(const survey::WalkedName& walked);
    void put_header(std::string_view directory);
    void put_dots(survey::NameWalk& walk, const survey::NameStep& step);
    bool is_hidden(const survey::WalkedName& walked) const;

    const LsFlags& flags_;
    BufferedOutput out_;
    ReadingErrors& errors_;
    LocalTime times_;
    std::optional<FileReader> targets_; ///< of symlinks
    bool has_headers_ = false;
    bool has_put_ = false;        ///< something: a blank line parts it from the next directory
    std::string found_directory_; ///< whose header stands above what was found last
};

} // namespace btrkit::apps
