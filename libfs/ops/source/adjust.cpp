// SPDX-License-Identifier: MIT
#include "libfs/ops/source/adjust.h"

#include "libfs/base/names.h"
#include "libfs/edit/inode_flags.h"

#include <algorithm>
#include <cassert>
#include <map>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::source {

namespace {

/// The subvolume that each inode's entries are in: that of the directory if it is one, or the next one above it.
class SubvolumeOf {
public:
    explicit SubvolumeOf(const SourceTree& tree) : tree_(tree), top_of_(tree.inodes.size(), no_inode) {
        top_of_[0] = 0;
    }

    /// Of directories, in the order of for_each_entry().
    void enter(u32 directory, u32 child) {
        const bool begins_one = tree_.inodes[child].subvolume != SubvolumeKind::none;
        top_of_[child] = begins_one ? child : top_of_[directory];
    }
    u32 of(u32 directory) const { return top_of_[directory]; }

private:
    const SourceTree& tree_;
    std::vector<u32> top_of_;
};

std::unexpected<Error> not_there(std::string_view path) {
    return fail(ErrorKind::not_found, fmt::format("{}: no such file or directory in the source", printable(path)));
}

u32 find_entry(const SourceInode& directory, std::string_view name) {
    const auto found = std::ranges::lower_bound(directory.entries, name, {}, &SourceEntry::name);
    return found != directory.entries.end() && found->name == name ? found->inode : no_inode;
}

} // namespace

void clamp_times(SourceTree& tree, std::int64_t epoch) {
    for (SourceInode& inode : tree.inodes) {
        inode.mtime = std::min(inode.mtime, Time{.sec = epoch, .nsec = 0});
        inode.atime = inode.ctime = inode.otime = inode.mtime;
    }
}

Result<u32> find_inode(const SourceTree& tree, std::string_view path) {
    u32 at = 0;
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        if (name == "..") {
            return fail(ErrorKind::usage, fmt::format("{}: a path in the source can't have \"..\"", printable(path)));
        }
        if (!S_ISDIR(tree.inodes[at].mode)) {
            return not_there(path);
        }
        if (!name.empty() && name != ".") {
            at = find_entry(tree.inodes[at], name);
        }
        if (at == no_inode) {
            return not_there(path);
        }
    }
    return at;
}

Result<void> set_inode_flags(SourceTree& tree, std::string_view path, u64 flags) {
    BTRKIT_TRY_ASSIGN(const u32 start, find_inode(tree, path));
    std::vector<u32> waiting = {start};
    while (!waiting.empty()) {
        SourceInode& inode = tree.inodes[waiting.back()];
        waiting.pop_back();
        if (!S_ISREG(inode.mode) && !S_ISDIR(inode.mode)) {
            continue;
        }
        inode.flags = consistent_inode_flags(inode.flags | flags, inode.mode);
        for (const SourceEntry& entry : inode.entries) {
            if (tree.inodes[entry.inode].subvolume == SubvolumeKind::none) {
                waiting.push_back(entry.inode);
            }
        }
    }
    return {};
}

Result<u32> mark_subvolume(SourceTree& tree, std::string_view path, SubvolumeKind kind) {
    assert(kind != SubvolumeKind::none);
    BTRKIT_TRY_ASSIGN(const u32 inode, find_inode(tree, path));
    SourceInode& directory = tree.inodes[inode];
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorKind::usage, fmt::format("{}: can't become a subvolume: {}", printable(path), why));
    };
    if (!S_ISDIR(directory.mode)) {
        return refuse("not a directory");
    }
    if (inode == 0) {
        // It is one already, and writable: asked for as such, nothing is to be done.
        return kind == SubvolumeKind::read_only ? Result<u32>(refuse("the top of a filesystem is always writable")) : 0;
    }
    if (directory.subvolume != SubvolumeKind::none) {
        return refuse("asked for twice");
    }
    directory.subvolume = kind;
    return inode;
}

void split_links(SourceTree& tree) {
    SubvolumeOf subvolume(tree);
    std::vector<u32> first_in(tree.inodes.size(), no_inode); // the subvolume that keeps the inode
    std::map<std::pair<u32, u32>, u32> copies;               // inode and subvolume
    for_each_entry(tree, [&](u32 directory, u32 position) {
        const u32 inode = tree.inodes[directory].entries[position].inode;
        if (S_ISDIR(tree.inodes[inode].mode)) {
            subvolume.enter(directory, inode);
            return;
        }
        const u32 here = subvolume.of(directory);
        if (first_in[inode] == no_inode) {
            first_in[inode] = here;
        }
        if (first_in[inode] == here) {
            return;
        }
        const auto next = static_cast<u32>(tree.inodes.size());
        const auto [copy, is_new] = copies.try_emplace({inode, here}, next);
        if (is_new) {
            SourceInode copied = tree.inodes[inode]; // not from within the vector that grows
            tree.inodes.push_back(std::move(copied));
        }
        tree.inodes[directory].entries[position].inode = copy->second;
    });
    settle(tree);
}

} // namespace btrkit::source
