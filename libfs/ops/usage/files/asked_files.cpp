// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/asked_files.h"

#include "libfs/fs/directory.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/subvolume_view.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::usage {

namespace {

/// A directory that the walk is in.
struct OpenDirectory {
    InodePlace place;
    Directory entries;
    std::string path;
    std::vector<u32> lines; ///< of what is in it
};

class PathWalk {
public:
    PathWalk(const Filesystem& filesystem, const FileTrees& trees, bool has_lines, const RunContext& context,
             AskedFiles& asked)
        : filesystem_(filesystem), trees_(trees), has_lines_(has_lines), context_(context), asked_(asked),
          most_kept_(context.memory_bytes / bytes_a_file) {}

    Result<void> walk(const std::string& path, u32 number) {
        path_ = number;
        seen_.clear();
        BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem_, path));
        BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem_, place));
        if (inode.type() == S_IFREG) {
            add_file(place, path);
            return {};
        }
        if (inode.type() != S_IFDIR) {
            return fail(ErrorKind::usage, "path " + path + ": neither a file nor a directory");
        }
        enter(place, path);
        while (!open_.empty()) {
            if (context_.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            step();
            if (asked_.files.size() + seen_.size() > most_kept_) {
                return fail(ErrorKind::refused, fmt::format("path {}: there are more than {} files below; --memory "
                                                            "allows for more, and without paths there is no limit",
                                                            path, asked_.files.size()));
            }
        }
        return {};
    }

private:
    /// In the list, and among those that were seen.
    static constexpr u64 bytes_a_file = 32;

    /// The next entry of the innermost directory, or out of it.
    void step() {
        const auto entry = open_.back().entries.next();
        if (!entry) {
            note_lost(entry.error());
        } else if (!*entry) {
            leave();
        } else {
            accept(**entry);
        }
    }

    void accept(const DirEntry& entry) {
        auto& directory = open_.back();
        const std::string path =
            has_lines_ ? directory.path + (directory.path.ends_with('/') ? "" : "/") + entry.name : std::string();
        if (entry.type == btrfs::FileType::regular) {
            add_file({.tree = directory.place.tree, .inode = entry.location.objectid}, path);
        } else if (entry.type == btrfs::FileType::directory) {
            const auto place = follow(filesystem_, directory.place, entry);
            if (!place) {
                note_lost(place.error());
            } else if (*place) {
                enter(**place, path);
            }
        }
    }

    void note_lost(const Error& error) {
        constexpr std::size_t most_told = 20;
        asked_.is_complete = false;
        if (asked_.errors.size() < most_told) {
            asked_.errors.push_back(error);
        }
    }

    /// Nothing where it was seen before, or its tree is not one that holds files.
    std::optional<FileId> first_sight(const InodePlace& place) {
        const auto number = trees_.number_of(place.tree.id);
        if (!number) {
            return std::nullopt;
        }
        const FileId id{.root = *number, .inode = place.inode};
        return seen_.insert(id).second ? std::optional(id) : std::nullopt;
    }

    void add_file(const InodePlace& place, const std::string& path) {
        if (const auto id = first_sight(place)) {
            asked_.files.push_back({.id = *id, .path = path_, .line = add_line(path, false)});
        }
    }

    void enter(const InodePlace& place, const std::string& path) {
        if (open_.size() >= most_path_levels) {
            return note_lost({ErrorKind::damaged, "directories are nested too deeply"});
        }
        if (first_sight(place)) {
            open_.push_back({.place = place, .entries = Directory(filesystem_, place), .path = path, .lines = {}});
        }
    }

    void leave() {
        const auto done = std::move(open_.back());
        open_.pop_back();
        const u32 line = add_line(done.path, true);
        for (const u32 inner : done.lines) {
            asked_.lines[inner].parent = line;
        }
    }

    u32 add_line(const std::string& path, bool is_directory) {
        if (!has_lines_) {
            return 0;
        }
        const auto line = static_cast<u32>(asked_.lines.size());
        asked_.lines.push_back({.path = path, .is_directory = is_directory});
        if (!open_.empty()) {
            open_.back().lines.push_back(line);
        }
        return line;
    }

    const Filesystem& filesystem_;
    const FileTrees& trees_;
    bool has_lines_;
    const RunContext& context_;
    AskedFiles& asked_;
    u64 most_kept_;
    u32 path_ = 0;
    std::unordered_set<FileId, FileIdHash> seen_;
    std::vector<OpenDirectory> open_; ///< from the path down; no deeper than there are directories
};

auto order_of(const AskedFile& file) {
    return std::tuple(file.id, file.path);
}

} // namespace

std::span<const AskedFile> AskedFiles::find(const FileId& id) const {
    const auto found = std::ranges::equal_range(files, id, {}, &AskedFile::id);
    return {found.begin(), found.end()};
}

Result<AskedFiles> find_asked_files(const Filesystem& filesystem, const FileTrees& trees, const FilesOptions& options,
                                    const RunContext& context) {
    context.progress.begin_phase("paths", 0, ProgressUnit::items);
    AskedFiles asked;
    PathWalk walk(filesystem, trees, options.lines, context, asked);
    for (u32 number = 0; number < options.paths.size(); ++number) {
        BTRKIT_TRY(walk.walk(options.paths[number], number));
    }
    std::ranges::sort(asked.files, {}, order_of);
    asked.has_tree_.resize(trees.count());
    for (const auto& file : asked.files) {
        asked.has_tree_[file.id.root] = true;
    }
    return asked;
}

} // namespace btrkit::usage
