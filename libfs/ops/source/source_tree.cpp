// SPDX-License-Identifier: MIT
#include "libfs/ops/source/source_tree.h"

#include "libfs/ops/source/path_text.h"

#include <algorithm>
#include <cassert>

#include <sys/stat.h>

namespace btrkit::source {

SourceTree empty_source_tree(Time now) {
    SourceInode top;
    top.mode = S_IFDIR | 0755U;
    top.atime = top.ctime = top.mtime = top.otime = now;
    SourceTree tree;
    tree.inodes.push_back(std::move(top));
    return tree;
}

void settle(SourceTree& tree) {
    for (SourceInode& inode : tree.inodes) {
        inode.parent = no_inode;
        std::ranges::sort(inode.entries, {}, &SourceEntry::name);
    }
    for_each_entry(tree, [&](u32 directory, u32 position) {
        SourceInode& inode = tree.inodes[tree.inodes[directory].entries[position].inode];
        assert(inode.parent == no_inode || !S_ISDIR(inode.mode));
        if (inode.parent == no_inode) {
            inode.parent = directory;
            inode.parent_entry = position;
        }
    });
}

std::string path_of(const SourceTree& tree, u32 inode) {
    std::vector<const std::string*> names;
    for (u32 at = inode; tree.inodes[at].parent != no_inode; at = tree.inodes[at].parent) {
        const SourceInode& named = tree.inodes[at];
        names.push_back(&tree.inodes[named.parent].entries[named.parent_entry].name);
    }
    return path_from_below(names);
}

Result<void> Content::with_file(u32, const std::function<Result<void>(int fd)>&) const {
    return fail(ErrorKind::unsupported, "this source has no files to share blocks with");
}

std::vector<DataRange> sector_ranges(const SourceInode& inode, u32 sectorsize) {
    std::vector<DataRange> ranges;
    for (const auto& range : inode.data) {
        const u64 start = round_down(range.offset, sectorsize);
        const u64 end = round_up(range.offset + range.length, sectorsize);
        if (!ranges.empty() && start <= ranges.back().offset + ranges.back().length) {
            ranges.back().length = end - ranges.back().offset;
        } else {
            ranges.push_back({start, end - start});
        }
    }
    return ranges;
}

} // namespace btrkit::source
