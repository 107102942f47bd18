// SPDX-License-Identifier: MIT
#include "libfs/ops/send/data/parent_extents.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

/// Whether both show the same bytes of one extent, where they overlap.
bool show_the_same(const FileExtent& left, const FileExtent& right) {
    const u64 at = std::max(left.offset, right.offset);
    return left.disk == right.disk && left.generation == right.generation &&
           left.offset_in_extent + (at - left.offset) == right.offset_in_extent + (at - right.offset);
}

} // namespace

bool ParentExtents::stands_on(u64 inode) const {
    return search_.valid() && search_.key().objectid == inode && search_.key().type == type::extent_data;
}

Result<FileExtent> ParentExtents::parse() const {
    return parse_file_extent(tree_, search_.key(), search_.data(), sectorsize_);
}

Result<bool> ParentExtents::has(const Inode& inode, const FileExtent& extent) {
    if (comparison_ == nullptr) {
        return has_extents(inode.number, extent);
    }
    const u64 end = std::min(extent.offset + extent.length, inode.size);
    return extent.is_data() ? comparison_->equal(extent, inode.has_checksums(), inode.number, end)
                            : has_hole(inode.number, extent.offset, std::max(extent.offset, end));
}

/// The rules are the kernel's, so that the same extents are sent.
Result<bool> ParentExtents::has_extents(u64 inode, const FileExtent& extent) {
    if (extent.kind != ExtentKind::regular && extent.kind != ExtentKind::hole) {
        return false;
    }
    const bool is_hole = extent.kind == ExtentKind::hole;
    BTRKIT_TRY(search_.seek_back({inode, type::extent_data, extent.offset}));
    if (!stands_on(inode)) {
        return is_hole;
    }
    const u64 end = extent.offset + extent.length;
    u64 position = search_.key().offset; // up to where the parent's extents are the same
    while (position < end) {
        if (!stands_on(inode)) {
            return false; // the parent's file is shorter
        }
        BTRKIT_TRY_ASSIGN(const auto before, parse());
        if (before.kind == ExtentKind::prealloc) {
            return false;
        }
        if (before.offset + before.length <= extent.offset) {
            return is_hole; // it ends before: nothing is there
        }
        if (before.kind == ExtentKind::inline_data || !show_the_same(extent, before)) {
            return false;
        }
        position = before.offset + before.length;
        BTRKIT_TRY(search_.next());
        if (stands_on(inode) && search_.key().offset != position) {
            return false;
        }
    }
    return true;
}

Result<bool> ParentExtents::has_hole(u64 inode, u64 from, u64 to) {
    auto there = search_.seek_back({inode, type::extent_data, from});
    if (there && !stands_on(inode)) {
        there = search_.seek({inode, type::extent_data, from});
    }
    for (; there && *there && stands_on(inode); there = search_.next()) {
        BTRKIT_TRY_ASSIGN(const auto extent, parse());
        if (extent.offset >= to) {
            break;
        }
        if (extent.kind != ExtentKind::hole && extent.offset + extent.length > from) {
            return false;
        }
    }
    return there ? Result<bool>(true) : std::unexpected(there.error());
}

} // namespace btrkit::send
