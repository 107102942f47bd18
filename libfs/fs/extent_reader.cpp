// SPDX-License-Identifier: MIT
#include "libfs/fs/extent_reader.h"

#include <cassert>

namespace btrkit {

ExtentReader::ExtentReader(const Filesystem& filesystem, ProblemSink report)
    : data_(filesystem, std::move(report)), decompressor_(filesystem.geometry().sectorsize) {}

Result<void> ExtentReader::read(const FileExtent& extent, bool verify, u64 into_extent, MutableBytes out) {
    assert(extent.is_data());
    const u64 from = extent.offset_in_extent + into_extent;
    if (extent.kind == ExtentKind::regular && !extent.is_compressed()) {
        return data_.read(extent.disk + from, out, verify);
    }
    if (from == 0 && out.size() >= extent.ram_bytes) {
        std::ranges::fill(out.subspan(extent.ram_bytes), std::byte{0});
        return unpack(extent, verify, out.first(extent.ram_bytes));
    }
    BTRKIT_TRY(unpack_to_keep(extent, verify));
    const Bytes shown = clipped(Bytes(unpacked_).first(extent.ram_bytes), from, out.size());
    std::ranges::copy(shown, out.begin());
    std::ranges::fill(out.subspan(shown.size()), std::byte{0});
    return {};
}

Result<void> ExtentReader::unpack_to_keep(const FileExtent& extent, bool verify) {
    const Packed wanted{.disk = extent.disk,
                        .disk_num_bytes = extent.disk_num_bytes,
                        .ram_bytes = extent.ram_bytes,
                        .compression = extent.compression,
                        .verified = verify};
    if (kept_ == wanted) {
        return {};
    }
    kept_.reset();
    unpacked_.resize(std::max(unpacked_.size(), std::size_t{extent.ram_bytes}));
    auto done = unpack(extent, verify, MutableBytes(unpacked_).first(extent.ram_bytes));
    if (done && extent.kind == ExtentKind::regular) {
        kept_ = wanted;
    }
    return done;
}

Result<void> ExtentReader::unpack(const FileExtent& extent, bool verify, MutableBytes plain) {
    Bytes packed = extent.inline_bytes;
    if (extent.kind == ExtentKind::regular) {
        packed_.resize(std::max(packed_.size(), std::size_t{extent.disk_num_bytes}));
        const auto room = MutableBytes(packed_).first(extent.disk_num_bytes);
        BTRKIT_TRY(data_.read(extent.disk, room, verify));
        packed = room;
    }
    return decompressor_.decompress(extent.compression, packed, plain);
}

} // namespace btrkit
