// SPDX-License-Identifier: MIT
#include "libfs/ops/check/files/inode_state.h"

#include "libfs/fs/inode.h"
#include "libfs/ops/check/files/name_records.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::check {

void InodeState::append_extent(u64 start, u64 end) {
    if (!has_extents) {
        has_extents = true;
        extents_start = start;
    } else if (start > extents_end) {
        gap.note(extents_end);
    } else if (start < extents_end) {
        overlap.note(start);
    }
    extents_end = std::max(extents_end, end);
}

void InodeState::append(const InodeState& later) {
    if (!has_item && later.has_item) {
        has_item = true;
        leaf = later.leaf;
        mode = later.mode;
        links = later.links;
        size = later.size;
        bytes = later.bytes;
        flags = later.flags;
    }
    is_partial |= later.is_partial;
    names += later.names;
    has_self_ref |= later.has_self_ref;
    entry_name_bytes += later.entry_name_bytes;
    has_dir_items |= later.has_dir_items;
    if (later.has_extents) {
        append_extent(later.extents_start, later.extents_end);
    }
    has_inline |= later.has_inline;
    has_regular |= later.has_regular;
    extent_bytes += later.extent_bytes;
    inline_ram_bytes = std::max(inline_ram_bytes, later.inline_ram_bytes);
    gap.note(later.gap);
    overlap.note(later.overlap);
    csum_missing.note(later.csum_missing);
    csum_present.note(later.csum_present);
    compressed.note(later.compressed);
    has_verity_descriptor |= later.has_verity_descriptor;
}

namespace {

class InodeJudge {
public:
    InodeJudge(const InodeState& inode, const Geometry& geometry, u64 tree, Problems& problems)
        : inode_(inode), geometry_(geometry), tree_(tree), problems_(problems) {}

    void judge() const {
        if (inode_.is_special()) {
            return;
        }
        if (!inode_.has_item) {
            report(ProblemCode::inode_missing, "it has other items");
            return;
        }
        judge_links();
        if (S_ISDIR(inode_.mode)) {
            judge_directory();
        } else {
            judge_file();
        }
        judge_extents();
        judge_verity();
    }

private:
    template <class... Args>
    void report(ProblemCode code, fmt::format_string<const Args&...> format, const Args&... args) const {
        problems_.push_back({.code = code,
                             .place = {.logical = inode_.leaf, .tree = tree_, .inode = inode_.inode},
                             .detail = fmt::format(format, args...)});
    }

    bool is_file() const { return S_ISREG(inode_.mode) || S_ISLNK(inode_.mode); }
    bool has_flag(u64 flag) const { return (inode_.flags & flag) != 0; }

    void judge_links() const {
        if (inode_.links != inode_.names) {
            report(ProblemCode::inode_links, "nlink {}, but it has {} names", inode_.links, inode_.names);
        }
        if (inode_.inode == btrfs::root_dir_inode && !S_ISDIR(inode_.mode)) {
            report(ProblemCode::root_dir, "it is no directory");
        } else if (inode_.inode == btrfs::root_dir_inode && !inode_.has_self_ref) {
            report(ProblemCode::root_dir, "it has no reference ..");
        }
    }

    void judge_directory() const {
        // A directory without a name of its own waits to be deleted, perhaps together with what was in it.
        if (inode_.links > 0 && inode_.size != inode_.entry_name_bytes) {
            report(ProblemCode::inode_size, "size {}, but the names in it have {} bytes, each counted twice",
                   inode_.size, inode_.entry_name_bytes);
        }
        if (inode_.bytes % geometry_.sectorsize != 0) {
            report(ProblemCode::inode_bytes, "nbytes {} of a directory", inode_.bytes);
        }
        if (inode_.has_extents) {
            report(ProblemCode::item_misplaced, "a directory with file extents");
        }
        if (inode_.links > 1) {
            report(ProblemCode::inode_links, "a directory with nlink {}", inode_.links);
        }
    }

    void judge_file() const {
        if (inode_.has_dir_items) {
            report(ProblemCode::item_misplaced, "directory entries in what is no directory");
        }
        // Of a file without names that is being deleted, extents go first; its inode is not written anew for them.
        const bool is_being_deleted = inode_.links == 0 && inode_.extent_bytes < inode_.bytes;
        if (inode_.bytes != inode_.extent_bytes && !is_being_deleted) {
            report(ProblemCode::inode_bytes, "nbytes {}, but its extents have {}", inode_.bytes, inode_.extent_bytes);
        }
        if (!is_file()) {
            if (inode_.has_extents) {
                report(ProblemCode::item_misplaced, "file extents in a special file");
            }
            return;
        }
        if (S_ISLNK(inode_.mode)) {
            judge_symlink();
        } else if (inode_.links > 0 && !geometry_.has_incompat(btrfs::incompat_no_holes)) {
            judge_holes();
        }
    }

    void judge_symlink() const {
        if (has_flag(btrfs::inode_immutable) || has_flag(btrfs::inode_append)) {
            report(ProblemCode::inode_flags, "a symlink with flags {:#x}", inode_.flags);
        }
        // Old btrfs-convert and mkfs.btrfs --rootdir have written the terminator with it.
        const bool has_terminator = inode_.inline_ram_bytes == inode_.size + 1;
        const bool is_being_deleted = inode_.links == 0 && !inode_.has_extents;
        if (inode_.has_regular) {
            report(ProblemCode::inode_inline, "a symlink whose target does not stand inline");
        } else if (inode_.size != inode_.inline_ram_bytes && !has_terminator && !is_being_deleted) {
            report(ProblemCode::inode_size, "size {}, but the target has {} bytes", inode_.size,
                   inode_.inline_ram_bytes);
        }
    }

    /// Without the feature no-holes every hole has an extent.
    void judge_holes() const {
        if (inode_.size == 0) {
            return;
        }
        if (!inode_.has_extents || inode_.extents_start > 0) {
            report(ProblemCode::inode_hole, "from 0");
        } else if (inode_.gap && *inode_.gap < inode_.size) {
            report(ProblemCode::inode_hole, "from {}", *inode_.gap);
        } else if (inode_.extents_end < inode_.size) {
            report(ProblemCode::inode_hole, "from {} to the end of the file at {}", inode_.extents_end, inode_.size);
        }
    }

    void judge_extents() const {
        const bool has_no_csums = has_flag(btrfs::inode_nodatasum);
        if (inode_.overlap) {
            report(ProblemCode::item_file_extent_overlap, "at {}", *inode_.overlap);
        }
        if (inode_.csum_missing && !has_no_csums) {
            report(ProblemCode::data_csum_missing, "in the extent at {} of the file", *inode_.csum_missing);
        }
        if (inode_.csum_present && has_no_csums) {
            report(ProblemCode::csum_unexpected, "the inode says that it has none; extent at {} of the file",
                   *inode_.csum_present);
        }
        if (inode_.compressed && has_no_csums) {
            report(ProblemCode::inode_flags, "a compressed extent, at {} of a file without checksums",
                   *inode_.compressed);
        }
    }

    void judge_verity() const {
        const bool wants = has_flag(btrfs::inode_ro_verity);
        if (wants && !inode_.has_verity_descriptor && inode_.links > 0) {
            report(ProblemCode::verity_items, "the inode says verity, but there is no descriptor");
        }
    }

    const InodeState& inode_;
    const Geometry& geometry_;
    u64 tree_;
    Problems& problems_;
};

} // namespace

void judge_inode(const InodeState& inode, const Geometry& geometry, u64 tree, Problems& problems) {
    InodeJudge(inode, geometry, tree, problems).judge();
}

Sum128 inode_sum(const InodeState& inode, u64 seed) {
    Sum128 sum;
    if (!inode.has_item || inode.is_special()) {
        return sum;
    }
    const u64 entries = inode.names - (inode.has_self_ref ? 1 : 0);
    // Each name stands in the directory twice, each time with the file type.
    sum -= file_type_record(inode.inode, static_cast<u8>(file_type_of(inode.mode)), seed) * (entries * 2);
    if (inode.links == 0) {
        sum -= orphan_record(inode.inode, seed);
    }
    return sum;
}

} // namespace btrkit::check
