// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/wanted_files.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/inode.h"

#include <set>

#include <fmt/format.h>

namespace btrkit::defragment {

namespace {

class Selector {
public:
    Selector(const Filesystem& filesystem, const Selection& selection, DataExtents& extents, const RunContext& context)
        : filesystem_(filesystem), selection_(selection), extents_(extents), context_(context) {}

    Result<void> select(const std::string& path) {
        BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem_, path));
        BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem_, place));
        switch (file_type_of(inode.mode)) {
        case btrfs::FileType::regular: return select_file(place);
        case btrfs::FileType::directory:
            return selection_.is_recursive
                       ? select_below(place)
                       : fail(ErrorKind::usage,
                              fmt::format("{} is a directory: -r takes all files below it", printable(path)));
        default: return fail(ErrorKind::usage, fmt::format("{} is no file", printable(path)));
        }
    }

private:
    Result<void> select_below(const InodePlace& top) {
        std::set<u64> seen{top.inode}; // damaged directories may lead in a circle
        std::vector<u64> directories{top.inode};
        while (!directories.empty()) {
            Directory directory(filesystem_, {.tree = top.tree, .inode = directories.back()});
            directories.pop_back();
            for (;;) {
                BTRKIT_TRY_ASSIGN(const auto entry, directory.next());
                if (!entry) {
                    break;
                }
                const u64 inode = entry->location.objectid;
                if (entry->is_subvolume() || !seen.insert(inode).second) {
                    continue;
                }
                if (entry->type == btrfs::FileType::directory) {
                    directories.push_back(inode);
                } else if (entry->type == btrfs::FileType::regular) {
                    BTRKIT_TRY(select_file({.tree = top.tree, .inode = inode}));
                }
            }
        }
        return {};
    }

    Result<void> select_file(const InodePlace& file) {
        if (context_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        ItemRange items(filesystem_.reader(), file.tree.block, file.inode, btrfs::item_type::extent_data);
        for (;;) {
            BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
            if (!is_there) {
                return {};
            }
            const auto stored = stored_extent(items.data());
            const Range shown = stored ? range_from(items.key().offset, stored->range.num_bytes) : Range{};
            if (shown.start >= selection_.bytes.end || shown.end <= selection_.bytes.start) {
                continue;
            }
            if (const u32 number = extents_.find(stored->range.disk_bytenr); number != DataExtents::none) {
                extents_[number].is_left_alone = false;
            }
        }
    }

    const Filesystem& filesystem_;
    const Selection& selection_;
    DataExtents& extents_;
    const RunContext& context_;
};

} // namespace

Result<void> leave_others_alone(const Filesystem& filesystem, const Selection& selection, DataExtents& extents,
                                const RunContext& context) {
    if (selection.is_everything()) {
        return {};
    }
    for (u32 number = 0; number < extents.size(); ++number) {
        extents[number].is_left_alone = true;
    }
    Selector selector(filesystem, selection, extents, context);
    for (const auto& path : selection.paths) {
        BTRKIT_TRY(selector.select(path));
    }
    return {};
}

} // namespace btrkit::defragment
