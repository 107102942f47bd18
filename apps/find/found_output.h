// SPDX-License-Identifier: MIT
// How what was found is told: a line a file, NUL, JSON, or a bodyfile for timelines; with a hash where wanted.
#pragma once

#include "apps/reading/buffered_output.h"
#include "apps/reading/reading_flags.h"
#include "libfs/base/digest.h"
#include "libfs/fs/file_contents.h"

namespace btrkit::apps {

enum class FoundForm : u8 { line, nul, json, bodyfile };

struct FoundStyle {
    FoundForm form = FoundForm::line;
    bool has_hash = false;
};

class FoundOutput {
public:
    FoundOutput(const Filesystem& filesystem, const RunContext& context, FoundStyle style, OutputSink& out,
                ReadingErrors& errors);

    /// Whether to go on.
    bool put(survey::NameWalk& walk, std::string_view path, const survey::WalkedName& walked);
    bool put_damage(std::string_view path, const Error& damage);
    Result<void> finish() { return out_.finish(); }

private:
    /// Nothing: not a regular file, or not all of it is proven, which is told.
    std::optional<std::string> hash_of(std::string_view path, const survey::WalkedName& walked);
    std::string target_of(survey::NameWalk& walk, std::string_view path, const survey::WalkedName& walked);
    void put_bodyfile(std::string_view path, const survey::WalkedName& walked, std::string_view target,
                      std::string_view hash);

    const RunContext& context_;
    FoundStyle style_;
    BufferedOutput out_;
    ReadingErrors& errors_;
    FileContents contents_;
    FileReader targets_;
    Sha256 sha256_;
};

} // namespace btrkit::apps
