// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/leaf_files.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"

namespace btrkit::usage {

namespace {

namespace type = btrfs::item_type;

FilePart& part_of(std::vector<FilePart>& parts, u64 inode) {
    if (parts.empty() || parts.back().inode != inode) {
        parts.push_back({.inode = inode});
    }
    return parts.back();
}

/// Numbers that a sum does not overflow with.
bool is_possible(const btrfs::FileExtentRange& range) {
    constexpr u64 most = u64{1} << 62;
    return range.disk_bytenr < most && range.disk_num_bytes < most && range.offset < most && range.num_bytes < most;
}

void add_inline(FilePart& part, const btrfs::FileExtentHead& head, Bytes body) {
    part.append({.inode = part.inode,
                 .inline_count = 1,
                 .inline_kind = data_kind(head),
                 .inline_disk_bytes = body.size() - sizeof(head),
                 .inline_ram_bytes = head.ram_bytes});
}

void add_extent(LeafFiles& files, const btrfs::Key& key, Bytes body) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    if (head == nullptr) {
        return;
    }
    auto& part = part_of(files.parts, key.objectid);
    if (head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        return add_inline(part, *head, body);
    }
    const auto extent = stored_extent(body);
    if (!extent || !is_possible(extent->range)) {
        return;
    }
    const auto& range = extent->range;
    const Range place = extent->needed();
    part.append({.inode = part.inode,
                 .has_data = true,
                 .file_offset = key.offset,
                 .start = place.start,
                 .end = place.end,
                 .first_packed = extent->is_compressed() ? u64{range.disk_bytenr} : 0,
                 .last_packed = extent->is_compressed() ? u64{range.disk_bytenr} : 0,
                 .fragment_count = 1,
                 .data_bytes = range.num_bytes});
    files.refs.push_back({.bytenr = range.disk_bytenr,
                          .disk_bytes = range.disk_num_bytes,
                          .ram_bytes = head->ram_bytes,
                          .inode = key.objectid,
                          .file_offset = key.offset,
                          .offset = range.offset,
                          .num_bytes = range.num_bytes,
                          .kind = data_kind(*head),
                          .is_compressed = extent->is_compressed()});
}

} // namespace

LeafFiles read_leaf_files(const TreeBlock& leaf) {
    LeafFiles files;
    for (u32 slot = 0, count = leaf.count(); slot < count; ++slot) {
        const auto key = leaf.key(slot);
        if (key.type == type::inode_item) {
            if (const auto* inode = view_at<btrfs::InodeItem>(leaf.item_data(slot))) {
                part_of(files.parts, key.objectid).mode = inode->mode;
            }
        } else if (key.type == type::extent_data) {
            add_extent(files, key, leaf.item_data(slot));
        }
    }
    return files;
}

} // namespace btrkit::usage
