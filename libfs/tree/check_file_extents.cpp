// SPDX-License-Identifier: MIT
// EXTENT_DATA and EXTENT_CSUM.
#include "libfs/tree/item_check_context.h"

namespace btrkit {

namespace {

constexpr auto extent_code = ProblemCode::item_file_extent;

const btrfs::FileExtentRange* range_of(Bytes data) {
    return view_at<btrfs::FileExtentRange>(data, sizeof(btrfs::FileExtentHead));
}

/// Where a file extent that passed its own checks ends in the file; nothing for one that can't have.
std::optional<u64> file_extent_end(const btrfs::Key& key, Bytes data, u32 sectorsize) {
    const auto* head = view_at<btrfs::FileExtentHead>(data);
    if (head == nullptr || head->type >= btrfs::file_extent_type_names.size()) {
        return std::nullopt;
    }
    if (head->type != static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        const auto* range = range_of(data);
        return range != nullptr ? end_of(key.offset, range->num_bytes) : std::nullopt;
    }
    const auto end = end_of(key.offset, head->ram_bytes);
    const auto rounded = end ? end_of(*end, sectorsize - 1) : std::nullopt;
    return rounded ? std::optional(*rounded & ~u64{sectorsize - 1}) : std::nullopt;
}

void check_head(const ItemCheck& item, const btrfs::FileExtentHead& head) {
    if (head.type >= btrfs::file_extent_type_names.size()) {
        item.report(extent_code, "unknown type {}", head.type);
    }
    if (head.compression >= btrfs::compression_names.size()) {
        item.report(extent_code, "unknown compression {}", head.compression);
    }
    if (head.encryption != 0) {
        item.report(extent_code, "unknown encryption {}", head.encryption);
    }
}

void check_inline(const ItemCheck& item, const btrfs::FileExtentHead& head) {
    if (item.key().offset != 0) {
        item.report(extent_code, "inline extent at file offset {}", item.key().offset);
    }
    const u64 stored = item.data().size() - sizeof(head);
    const u64 ram_bytes = head.ram_bytes;
    if (head.compression == static_cast<u8>(btrfs::Compression::none) && stored != ram_bytes) {
        item.report(extent_code, "inline extent of {} bytes, but ram_bytes {}", stored, ram_bytes);
    }
}

void check_file_overlap(const ItemCheck& item) {
    const auto previous = item.previous_of_type(btrfs::item_type::extent_data);
    if (!previous || previous->objectid != item.key().objectid) {
        return;
    }
    const auto end = file_extent_end(*previous, item.previous_data(), item.geometry().sectorsize);
    if (end && *end > item.key().offset) {
        item.report(ProblemCode::item_file_extent_overlap, "begins at {}, but the extent before it ends at {}",
                    item.key().offset, *end);
    }
}

void check_range(const ItemCheck& item, const btrfs::FileExtentHead& head) {
    if (item.data().size() != btrfs::file_extent_item_size) {
        item.report(ProblemCode::item_size, "EXTENT_DATA has {} bytes instead of {}", item.data().size(),
                    btrfs::file_extent_item_size);
        return;
    }
    const auto& range = *range_of(item.data());
    item.expect_aligned(extent_code, "ram_bytes", head.ram_bytes);
    item.expect_aligned(extent_code, "disk_bytenr", range.disk_bytenr);
    item.expect_aligned(extent_code, "disk_num_bytes", range.disk_num_bytes);
    item.expect_aligned(extent_code, "offset", range.offset);
    item.expect_aligned(extent_code, "num_bytes", range.num_bytes);
    if (!end_of(item.key().offset, range.num_bytes)) {
        item.report(extent_code, "num_bytes {} at file offset {} reaches beyond the largest file", u64{range.num_bytes},
                    item.key().offset);
    }
    check_file_overlap(item);
}

} // namespace

void check_file_extent(const ItemCheck& item) {
    const auto& head = item.body<btrfs::FileExtentHead>();
    item.expect_inode_before();
    item.expect_aligned(extent_code, "file offset", item.key().offset);
    check_head(item, head);
    if (head.type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        check_inline(item, head);
    } else if (head.type < btrfs::file_extent_type_names.size()) {
        check_range(item, head);
    }
}

void check_csums(const ItemCheck& item) {
    const auto& geometry = item.geometry();
    item.expect_aligned(ProblemCode::item_csum, "logical address", item.key().offset);
    if ((geometry.super_flags & btrfs::super_flag_changing_data_csum) != 0) {
        return; // checksums of two algorithms stand side by side
    }
    if (item.key().objectid != btrfs::extent_csum_objectid) {
        item.report(ProblemCode::item_csum, "key objectid {} instead of -10", item.key().objectid);
    }
    if (item.data().size() % geometry.csum_size_bytes != 0) {
        item.report(ProblemCode::item_csum, "{} bytes, but a checksum has {}", item.data().size(),
                    geometry.csum_size_bytes);
    }
    if (const auto previous = item.previous_of_type(btrfs::item_type::extent_csum)) {
        const u64 covered = u64{item.previous_data().size() / geometry.csum_size_bytes} * geometry.sectorsize;
        if (const auto end = end_of(previous->offset, covered); end && *end > item.key().offset) {
            item.report(ProblemCode::item_csum_overlap, "begins at {}, but the item before it ends at {}",
                        item.key().offset, *end);
        }
    }
}

} // namespace btrkit
