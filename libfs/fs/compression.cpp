// SPDX-License-Identifier: MIT
#include "libfs/fs/compression.h"

#include "libfs/base/names.h"
#include "libfs/fs/lzo_segments.h"

#include <cassert>
#include <charconv>
#include <fmt/format.h>
#include <libdeflate.h>
#include <new>
#include <vector>
#include <zstd.h>

namespace btrkit {

namespace {

using btrfs::Compression;

constexpr int default_level = 3;
/// The kernel's decompressor has a window of 128 KiB and no more.
constexpr int zstd_window_log = 17;
static_assert(u32{1} << zstd_window_log == max_compressed_extent_bytes);

/// lzo has one level, which nobody need name; 0: without any.
constexpr int most_level(Compression algorithm) {
    switch (algorithm) {
    case Compression::zlib: return 9;
    case Compression::zstd: return 15;
    case Compression::lzo: return 1;
    default: return 0;
    }
}

std::optional<Compression> parse_algorithm(std::string_view name) {
    if (name == "no") {
        return Compression::none;
    }
    for (std::size_t i = 0; i < btrfs::compression_names.size(); ++i) {
        if (btrfs::compression_names[i] == name) {
            return static_cast<Compression>(i);
        }
    }
    return std::nullopt;
}

std::optional<int> parse_level(std::string_view text) {
    int level = 0;
    const auto* end = std::to_address(text.end());
    const auto [stop, error] = std::from_chars(std::to_address(text.begin()), end, level);
    return error == std::errc{} && stop == end && level >= 0 ? std::optional(level) : std::nullopt;
}

struct Free {
    void operator()(libdeflate_compressor* thing) const { libdeflate_free_compressor(thing); }
    void operator()(libdeflate_decompressor* thing) const { libdeflate_free_decompressor(thing); }
    void operator()(ZSTD_CCtx* thing) const { ZSTD_freeCCtx(thing); }
    void operator()(ZSTD_DCtx* thing) const { ZSTD_freeDCtx(thing); }
};
template <class T>
using Handle = std::unique_ptr<T, Free>;

template <class T>
Handle<T> owned(T* thing) {
    if (thing == nullptr) {
        throw std::bad_alloc();
    }
    return Handle<T>(thing);
}

Handle<ZSTD_CCtx> zstd_context(int level) {
    auto context = owned(ZSTD_createCCtx());
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, zstd_window_log);
    if (level == default_level) {
        // Tables that stay in the first levels of cache: a fifth faster on 128 KiB, 1 % larger (docs/performance.md).
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_hashLog, 14);
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_chainLog, 13);
    }
    return context;
}

} // namespace

Result<CompressionMethod> parse_compression(std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    const auto algorithm = parse_algorithm(text.substr(0, colon));
    if (!algorithm) {
        return fail(ErrorKind::usage,
                    fmt::format("unknown compression '{}': it is zlib, lzo, zstd or no", printable(text)));
    }
    const int most = most_level(*algorithm);
    const auto level = colon == text.size() ? 0 : parse_level(text.substr(colon + 1));
    if (colon != text.size() && most == 0) {
        return fail(ErrorKind::usage, fmt::format("compression '{}': {} has no levels", printable(text),
                                                  printable(text.substr(0, colon))));
    }
    if (!level || *level > most) {
        return fail(ErrorKind::usage,
                    fmt::format("compression '{}': the level is a number from 1 to {}", printable(text), most));
    }
    if (most <= 1) {
        return CompressionMethod{.algorithm = *algorithm};
    }
    return CompressionMethod{*algorithm, *level == 0 ? default_level : *level};
}

struct Compressor::State {
    State(CompressionMethod how, u32 sectorsize) : method(how) {
        assert(method.level <= most_level(method.algorithm));
        switch (method.algorithm) {
        case Compression::zlib: deflate = owned(libdeflate_alloc_compressor(method.level)); break;
        case Compression::lzo: lzo.emplace(sectorsize); break;
        case Compression::zstd: zstd = zstd_context(method.level); break;
        case Compression::none: break;
        }
    }

    /// Bytes written to packed; nothing where they are more than limit_bytes. The libraries always get all the room
    /// there is: what they make may depend on it, and near the limit they give up too early.
    std::optional<std::size_t> compress(Bytes plain, std::size_t limit_bytes) {
        std::optional<std::size_t> length;
        if (deflate) {
            length = libdeflate_zlib_compress(deflate.get(), plain.data(), plain.size(), packed.data(), packed.size());
        } else if (zstd) {
            length = ZSTD_compress2(zstd.get(), packed.data(), packed.size(), plain.data(), plain.size());
        } else if (lzo) {
            length = lzo->compress(plain, MutableBytes(packed).first(std::min(limit_bytes, packed.size())));
        }
        return length && *length <= limit_bytes ? length : std::nullopt;
    }

    CompressionMethod method;
    Handle<libdeflate_compressor> deflate;
    Handle<ZSTD_CCtx> zstd;
    std::optional<LzoCompressor> lzo;
    /// More than any algorithm makes of an extent.
    std::vector<std::byte> packed = std::vector<std::byte>(2 * std::size_t{max_compressed_extent_bytes});
};

Compressor::Compressor(CompressionMethod method, u32 sectorsize)
    : state_(std::make_unique<State>(method, sectorsize)) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

std::optional<Bytes> Compressor::compress(Bytes plain, std::size_t limit_bytes) {
    assert(!plain.empty() && plain.size() <= max_compressed_extent_bytes);
    const auto length = state_->compress(plain, limit_bytes);
    return length ? std::optional<Bytes>(Bytes(state_->packed).first(*length)) : std::nullopt;
}

struct Decompressor::State {
    explicit State(u32 sectorsize) : lzo(sectorsize) {}

    /// How far out was filled; nothing where packed is no stream, or one of more bytes than out.
    std::optional<std::size_t> inflate(Bytes packed, MutableBytes out) const {
        std::size_t used = 0;
        std::size_t length = 0;
        const auto result = libdeflate_zlib_decompress_ex(deflate.get(), packed.data(), packed.size(), out.data(),
                                                          out.size(), &used, &length);
        return result == LIBDEFLATE_SUCCESS ? std::optional(length) : std::nullopt;
    }

    std::optional<std::size_t> unzstd(Bytes packed, MutableBytes out) const {
        const auto frame = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
        if (ZSTD_isError(frame) != 0) {
            return std::nullopt;
        }
        const auto length = ZSTD_decompressDCtx(zstd.get(), out.data(), out.size(), packed.data(), frame);
        return ZSTD_isError(length) == 0 ? std::optional(length) : std::nullopt;
    }

    /// The libraries want room for the whole stream. Where out has less, the stream is unpacked beside it: an extent
    /// that is sound fits.
    template <class Unpack>
    std::optional<std::size_t> with_room(MutableBytes out, Unpack unpack) {
        if (const auto length = unpack(out)) {
            return length;
        }
        if (out.size() >= max_compressed_extent_bytes) {
            return std::nullopt;
        }
        whole.resize(max_compressed_extent_bytes);
        const auto length = unpack(MutableBytes(whole));
        if (!length) {
            return std::nullopt;
        }
        const std::size_t wanted = std::min(*length, out.size());
        std::copy_n(whole.begin(), wanted, out.begin());
        return wanted;
    }

    std::optional<std::size_t> decompress(Compression algorithm, Bytes packed, MutableBytes out) {
        switch (algorithm) {
        case Compression::zlib: return with_room(out, [&](MutableBytes to) { return inflate(packed, to); });
        case Compression::zstd: return with_room(out, [&](MutableBytes to) { return unzstd(packed, to); });
        default: return lzo.decompress(packed, out);
        }
    }

    Handle<libdeflate_decompressor> deflate = owned(libdeflate_alloc_decompressor());
    Handle<ZSTD_DCtx> zstd = owned(ZSTD_createDCtx());
    LzoDecompressor lzo;
    std::vector<std::byte> whole;
};

Decompressor::Decompressor(u32 sectorsize) : state_(std::make_unique<State>(sectorsize)) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Result<void> Decompressor::decompress(Compression algorithm, Bytes packed, MutableBytes plain) {
    if (algorithm == Compression::none) {
        const Bytes stored = clipped(packed, 0, plain.size());
        std::ranges::copy(stored, plain.begin());
        std::ranges::fill(plain.subspan(stored.size()), std::byte{0});
        return {};
    }
    const auto number = static_cast<std::size_t>(algorithm);
    if (number >= btrfs::compression_names.size()) {
        return fail(ErrorKind::unsupported, fmt::format("unknown compression {}", number));
    }
    const auto length = state_->decompress(algorithm, packed, plain);
    if (!length) {
        return fail(ErrorKind::damaged, fmt::format("malformed {} stream", btrfs::compression_names[number]));
    }
    std::ranges::fill(plain.subspan(*length), std::byte{0});
    return {};
}

} // namespace btrkit
