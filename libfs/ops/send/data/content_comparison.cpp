// SPDX-License-Identifier: MIT
#include "libfs/ops/send/data/content_comparison.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

constexpr u64 chunk_bytes = u64{128} << 10;

} // namespace

ContentComparison::ContentComparison(const Filesystem& filesystem, const Filesystem& parent_filesystem,
                                     Snapshot& parent)
    : parent_(parent), parent_items_(parent.search()), sent_reader_(filesystem), parent_reader_(parent_filesystem),
      parent_sectorsize_(parent_filesystem.geometry().sectorsize),
      sectorsize_(std::max(filesystem.geometry().sectorsize, parent_sectorsize_)), sent_bytes_(chunk_bytes),
      parent_bytes_(chunk_bytes) {}

Result<bool> ContentComparison::equal(const FileExtent& extent, bool has_checksums, u64 inode, u64 end) {
    BTRKIT_TRY_ASSIGN(const auto parent_inode, parent_.need_inode(inode));
    // Sectors of one that are none of the other: nothing that could be compared piece by piece.
    if (parent_inode.size < end || !is_aligned(extent.offset, sectorsize_)) {
        return false;
    }
    for (u64 at = extent.offset; at < end; at += chunk_bytes) {
        const u64 length = std::min(chunk_bytes, end - at);
        const auto sent = MutableBytes(sent_bytes_).first(round_up(length, sectorsize_));
        const auto before = MutableBytes(parent_bytes_).first(sent.size());
        if (!read_sent(extent, has_checksums, at, sent)) {
            return false;
        }
        const auto is_read = read_parent(inode, parent_inode.has_checksums(), at, before);
        if (!is_read || !*is_read) {
            return is_read;
        }
        if (!std::ranges::equal(sent.first(length), before.first(length))) {
            return false;
        }
    }
    return true;
}

bool ContentComparison::read_sent(const FileExtent& extent, bool has_checksums, u64 at, MutableBytes out) {
    std::ranges::fill(out, std::byte{0});
    const u64 length = std::min<u64>(out.size(), extent.length - (at - extent.offset));
    return !extent.is_data() ||
           sent_reader_.read(extent, has_checksums, at - extent.offset, out.first(length)).has_value();
}

/// False where something can't be read.
Result<bool> ContentComparison::read_parent(u64 inode, bool has_checksums, u64 at, MutableBytes out) {
    std::ranges::fill(out, std::byte{0});
    auto there = parent_items_.seek_back({inode, type::extent_data, at});
    if (there && !*there) {
        there = parent_items_.seek({inode, type::extent_data, at});
    }
    for (; there && *there; there = parent_items_.next()) {
        const auto key = parent_items_.key();
        if (key.objectid != inode || key.type != type::extent_data) {
            if (key > btrfs::Key{inode, type::extent_data, at}) {
                break;
            }
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto extent,
                          parse_file_extent(parent_.id(), key, parent_items_.data(), parent_sectorsize_));
        const u64 begin = std::max(at, extent.offset);
        const u64 end = std::min(at + out.size(), extent.offset + extent.length);
        if (extent.offset >= at + out.size()) {
            break;
        }
        if (begin < end && extent.is_data() &&
            !parent_reader_.read(extent, has_checksums, begin - extent.offset, out.subspan(begin - at, end - begin))) {
            return false;
        }
    }
    return there ? Result<bool>(true) : std::unexpected(there.error());
}

} // namespace btrkit::send
