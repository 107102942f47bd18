// SPDX-License-Identifier: MIT
#include "libfs/fs/lzo_segments.h"

#include <lzo/lzo1x.h>

namespace btrkit {

namespace {

using Length = btrfs::le32;

/// The longest that LZO1X makes of so many bytes.
constexpr std::size_t longest_segment(std::size_t plain_bytes) {
    return plain_bytes + plain_bytes / 16 + 64 + 3;
}

/// A length never straddles a sector border: where the next one stands, if nothing stands behind offset.
constexpr std::size_t place_of_length(std::size_t offset, u32 sectorsize) {
    const std::size_t left = sectorsize - offset % sectorsize;
    return left < sizeof(Length) ? offset + left : offset;
}

const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}

void put_length(MutableBytes out, std::size_t offset, std::size_t length) {
    const Length stored{static_cast<u32>(length)};
    std::memcpy(out.data() + offset, &stored, sizeof(stored));
}

} // namespace

LzoCompressor::LzoCompressor(u32 sectorsize)
    : sectorsize_(sectorsize), work_(LZO1X_1_MEM_COMPRESS), segment_(longest_segment(sectorsize)) {}

std::optional<std::size_t> LzoCompressor::compress(Bytes plain, MutableBytes out) {
    std::size_t end = sizeof(Length);
    while (!plain.empty()) {
        const Bytes sector = clipped(plain, 0, sectorsize_);
        plain = plain.subspan(sector.size());
        lzo_uint length = 0;
        // It has no way to fail. Whether a fresh or a used work area makes no difference to what comes out.
        lzo1x_1_compress(raw(sector.data()), sector.size(), raw(segment_.data()), &length, work_.data());
        const std::size_t length_at = place_of_length(end, sectorsize_);
        const std::size_t segment_at = length_at + sizeof(Length);
        if (segment_at + length > out.size()) {
            return std::nullopt;
        }
        std::ranges::fill(out.subspan(end, length_at - end), std::byte{0});
        put_length(out, length_at, length);
        std::memcpy(out.data() + segment_at, segment_.data(), length);
        end = segment_at + length;
    }
    if (end > out.size()) {
        return std::nullopt;
    }
    put_length(out, 0, end);
    return end;
}

LzoDecompressor::LzoDecompressor(u32 sectorsize) : sectorsize_(sectorsize), sector_(sectorsize) {}

std::optional<std::size_t> LzoDecompressor::decompress_segment(Bytes segment, MutableBytes out) {
    const bool direct = out.size() >= sectorsize_;
    lzo_uint length = sectorsize_;
    std::byte* target = direct ? out.data() : sector_.data();
    if (lzo1x_decompress_safe(raw(segment.data()), segment.size(), raw(target), &length, nullptr) != LZO_E_OK) {
        return std::nullopt;
    }
    const std::size_t wanted = std::min<std::size_t>(length, out.size());
    if (!direct) {
        std::memcpy(out.data(), sector_.data(), wanted);
    }
    return wanted;
}

std::optional<std::size_t> LzoDecompressor::decompress(Bytes packed, MutableBytes out) {
    const auto* total = view_at<Length>(packed);
    if (total == nullptr || *total < sizeof(Length) || *total > packed.size()) {
        return std::nullopt;
    }
    packed = packed.first(*total);
    std::size_t offset = sizeof(Length);
    std::size_t done = 0;
    while (done < out.size()) {
        const std::size_t length_at = place_of_length(offset, sectorsize_);
        if (length_at >= packed.size()) {
            break; // the last segment may have been padded up to the border
        }
        const auto* length = view_at<Length>(packed, length_at);
        const std::size_t segment_at = length_at + sizeof(Length);
        if (length == nullptr || *length > packed.size() - segment_at) {
            return std::nullopt;
        }
        const auto got = decompress_segment(packed.subspan(segment_at, *length), out.subspan(done));
        if (!got) {
            return std::nullopt;
        }
        done += *got;
        offset = segment_at + *length;
    }
    return done;
}

} // namespace btrkit
