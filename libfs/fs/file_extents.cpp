// SPDX-License-Identifier: MIT
#include "libfs/fs/file_extents.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/compression.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// No field of an extent is above this: so their sums are defined.
constexpr u64 most = u64{1} << 62;

bool is_type(u8 type, btrfs::FileExtentType wanted) {
    return type == static_cast<u8>(wanted);
}

struct ItemParser {
    Result<FileExtent> parse(Bytes data) const;
    Result<FileExtent> parse_inline(const btrfs::FileExtentHead& head, Bytes stored) const;
    Result<FileExtent> parse_range(const btrfs::FileExtentHead& head, Bytes data) const;
    std::unexpected<Error> malformed(std::string detail) const;

    u64 tree;
    btrfs::Key key;
    u32 sectorsize;
};

std::unexpected<Error> ItemParser::malformed(std::string detail) const {
    return std::unexpected(item_error(ProblemCode::item_file_extent, tree, key, std::move(detail)));
}

Result<FileExtent> ItemParser::parse(Bytes data) const {
    const auto* head = view_at<btrfs::FileExtentHead>(data);
    if (head == nullptr) {
        return malformed("too short");
    }
    if (head->compression >= btrfs::compression_names.size() || head->encryption != 0 || head->other_encoding != 0) {
        return fail(ErrorKind::unsupported,
                    fmt::format("compression {}, encryption {}, encoding {}: {}", head->compression, head->encryption,
                                u16{head->other_encoding},
                                describe({ProblemCode::item_file_extent, {.tree = tree, .key = key}, {}})));
    }
    if (!is_aligned(key.offset, sectorsize) || key.offset > most) {
        return malformed("begins in the middle of a sector");
    }
    if (is_type(head->type, btrfs::FileExtentType::inline_data)) {
        return parse_inline(*head, data.subspan(sizeof(*head)));
    }
    if (is_type(head->type, btrfs::FileExtentType::regular) || is_type(head->type, btrfs::FileExtentType::prealloc)) {
        return parse_range(*head, data.subspan(sizeof(*head)));
    }
    return malformed(fmt::format("type {}", head->type));
}

Result<FileExtent> ItemParser::parse_inline(const btrfs::FileExtentHead& head, Bytes stored) const {
    if (key.offset != 0 || head.ram_bytes == 0 || head.ram_bytes > max_compressed_extent_bytes) {
        return malformed(fmt::format("inline, with {} bytes", u64{head.ram_bytes}));
    }
    return FileExtent{.kind = ExtentKind::inline_data,
                      .offset = 0,
                      .length = round_up(head.ram_bytes, sectorsize),
                      .generation = head.generation,
                      .compression = static_cast<btrfs::Compression>(head.compression),
                      .ram_bytes = head.ram_bytes,
                      .inline_bytes = {stored.begin(), stored.end()}};
}

Result<FileExtent> ItemParser::parse_range(const btrfs::FileExtentHead& head, Bytes data) const {
    const auto* range = view_at<btrfs::FileExtentRange>(data);
    if (range == nullptr) {
        return malformed("too short");
    }
    FileExtent extent{.kind = is_type(head.type, btrfs::FileExtentType::prealloc) ? ExtentKind::prealloc
                                                                                  : ExtentKind::regular,
                      .offset = key.offset,
                      .length = range->num_bytes,
                      .generation = head.generation,
                      .compression = static_cast<btrfs::Compression>(head.compression),
                      .ram_bytes = head.ram_bytes,
                      .disk = {range->disk_bytenr},
                      .disk_num_bytes = range->disk_num_bytes,
                      .offset_in_extent = range->offset};
    for (const u64 field : {extent.length, extent.disk.bytenr, extent.disk_num_bytes, extent.offset_in_extent}) {
        if (!is_aligned(field, sectorsize) || field > most) {
            return malformed(fmt::format("{} is no possible size or place", field));
        }
    }
    if (extent.length == 0) {
        return malformed("empty");
    }
    if (extent.disk.bytenr == 0) {
        extent.kind = ExtentKind::hole;
        return extent;
    }
    const u64 end = extent.offset_in_extent + extent.length;
    if (end > (extent.is_compressed() ? extent.ram_bytes : extent.disk_num_bytes)) {
        return malformed(fmt::format("reaches to {} of an extent that ends before that", end));
    }
    if (extent.is_compressed() && std::max(extent.ram_bytes, extent.disk_num_bytes) > max_compressed_extent_bytes) {
        return malformed("longer than compressed extents are");
    }
    return extent;
}

} // namespace

Result<FileExtent> parse_file_extent(u64 tree, const btrfs::Key& key, Bytes data, u32 sectorsize) {
    return ItemParser{tree, key, sectorsize}.parse(data);
}

FileExtents::FileExtents(const Filesystem& filesystem, const InodePlace& place, const Inode& inode, u64 from)
    : tree_(place.tree.id), sectorsize_(filesystem.geometry().sectorsize), size_(inode.size),
      items_(filesystem.reader(), place.tree.block,
             KeyRange::through({place.inode, btrfs::item_type::extent_data, from},
                               {place.inode, btrfs::item_type::extent_data, ~u64{0}})),
      position_(from) {}

Result<std::optional<FileExtent>> FileExtents::next() {
    if (position_ >= size_) {
        return std::nullopt;
    }
    if (!waiting_) {
        auto stored = next_stored();
        if (!stored) {
            position_ = size_;
            return std::unexpected(stored.error());
        }
        waiting_ = std::move(*stored);
    }
    const u64 data_at = waiting_ ? std::min(waiting_->offset, size_) : size_;
    if (position_ < data_at) {
        const u64 hole_at = std::exchange(position_, data_at);
        return FileExtent{.kind = ExtentKind::hole, .offset = hole_at, .length = data_at - hole_at};
    }
    FileExtent extent = *std::exchange(waiting_, std::nullopt);
    extent.length = std::min(extent.length, size_ - extent.offset);
    position_ = extent.offset + extent.length;
    return extent;
}

/// The next item that is not a hole.
Result<std::optional<FileExtent>> FileExtents::next_stored() {
    while (true) {
        BTRKIT_TRY_ASSIGN(const auto there, items_.next());
        if (!there) {
            return std::nullopt;
        }
        BTRKIT_TRY_ASSIGN(auto extent, parse_file_extent(tree_, items_.key(), items_.data(), sectorsize_));
        if (extent.offset < stored_end_) {
            return std::unexpected(item_error(ProblemCode::item_file_extent_overlap, tree_, items_.key(),
                                              fmt::format("the one before it ends at {}", stored_end_)));
        }
        stored_end_ = extent.offset + extent.length;
        if (extent.kind != ExtentKind::hole) {
            return extent;
        }
    }
}

} // namespace btrkit
