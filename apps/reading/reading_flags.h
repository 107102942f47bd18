// SPDX-License-Identifier: MIT
// What all tools have in common that read files of an image: IMAGE [PATH...], from which subvolume, by which roots.
#pragma once

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/roots_flags.h"
#include "libfs/survey/names/name_walk.h"

namespace btrkit::apps {

struct ReadingFlags {
    std::vector<std::string> images;
    std::vector<std::string> paths;
    std::string subvolume; ///< id or path; empty: the top-level one
    bool snapshots = false;
    RootsFlags roots;
    OutputFormat format = OutputFormat::text;
};

/// IMAGE, PATH... and --member.
void add_reading_operands(CommandLine& line, ReadingFlags& flags);
/// -s, --subvolume; --super, --backup, --tree-root, --chunk-root.
void add_reading_source(CommandLine& line, ReadingFlags& flags);
/// --snapshots, for who walks.
void add_snapshots(CommandLine& line, ReadingFlags& flags);

/// Opens the image and asks; the exit status. Damage that could be read past is told as warnings.
int ask_reading(const CommandLine& line, Io& io, ReadingFlags& flags,
                const std::function<Result<void>(const Filesystem&, const RunContext&, Messages&)>& ask);

/// Where a reading begins.
struct Start {
    std::string path; ///< as it is printed: absolute, without '/' at its end; empty: the top
    InodePlace place;

    /// That of something below, by its path from here.
    std::string below(std::string_view path_below) const;
    /// path, or "/".
    std::string text() const { return below({}); }
};

/// Fails with not_found, usage or damaged.
Result<Start> find_start(const Filesystem& filesystem, const ReadingFlags& flags, std::string_view path);

/// How a walk treats subvolumes below its start.
survey::NameWalkOptions::Subvolumes wanted_subvolumes(const ReadingFlags& flags);

/// Errors about things in an image: the first of them, and how many more there are.
class ReadingErrors {
public:
    ReadingErrors(const ReadingFlags& flags, Messages& messages) : flags_(flags), messages_(messages) {}
    ~ReadingErrors();
    ReadingErrors(const ReadingErrors&) = delete;
    ReadingErrors& operator=(const ReadingErrors&) = delete;

    /// path: empty where the text has it.
    void tell(std::string_view path, std::string_view what);

private:
    static constexpr u64 most_told = 20;

    const ReadingFlags& flags_;
    Messages& messages_;
    u64 count_ = 0;
};

} // namespace btrkit::apps
