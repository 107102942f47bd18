// SPDX-License-Identifier: MIT
// What says what is used: the extent tree, the checksum tree and the log.
#pragma once

#include "libfs/survey/findings.h"
#include "libfs/survey/verify/log_extents.h"
#include "libfs/survey/verify/tree_extents.h"
#include "libfs/survey/verify/unit_maker.h"

namespace btrkit::scrub {

class Sources {
public:
    explicit Sources(const Filesystem& filesystem);
    Sources(const Sources&) = delete;
    Sources& operator=(const Sources&) = delete;
    ~Sources() = default;

    /// Makes units of these chunks. One maker at a time; it lives as long as this.
    survey::UnitMaker maker(std::vector<survey::ChunkPart> chunks) {
        return {filesystem_.geometry(), std::move(chunks), *extents_, checksums_};
    }

    /// Whether everything that was met so far could be covered.
    bool is_complete() const;
    /// Reports what was met so far that could not be covered because it is lost what tells of it.
    void report_lost(survey::Findings& findings) const;

private:
    const Filesystem& filesystem_;
    survey::LogSpace log_;
    std::unique_ptr<survey::TreeExtents> tree_extents_;              ///< null: there is no extent tree
    std::unique_ptr<survey::ExtentSource> base_;                     ///< instead of it
    std::unique_ptr<survey::ExtentSource> extents_;                  ///< with the log
    std::vector<std::unique_ptr<survey::ChecksumSource>> checksums_; ///< of the checksum tree, then of the log
    bool has_checksums_ = false;                                     ///< there is a checksum tree
};

} // namespace btrkit::scrub
