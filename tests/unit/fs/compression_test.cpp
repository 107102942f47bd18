// SPDX-License-Identifier: MIT
// Compression: there and back at all sizes that matter, and streams that are not what they should be.
#include "libfs/fs/compression.h"
#include "tests/support/effort.h"

#include <doctest/doctest.h>
#include <random>
#include <vector>
#include <zstd.h>

namespace compression_test {

using namespace btrkit;

namespace {

using Buffer = std::vector<std::byte>;
using btrfs::Compression;

enum class Kind { zeros, text, noise };

Buffer sample(std::size_t size, Kind kind, unsigned seed = 1) {
    std::mt19937 random(seed);
    Buffer bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        const auto letter = random() % 16 == 0 ? 'a' + random() % 26 : 'a' + i / 7 % 5;
        const auto noise = random();
        bytes[i] = static_cast<std::byte>(kind == Kind::noise ? noise : kind == Kind::text ? letter : 0);
    }
    return bytes;
}

std::vector<CompressionMethod> all_methods() {
    std::vector<CompressionMethod> all = {{Compression::lzo, 0}};
    for (int level = 1; level <= 9; ++level) {
        all.push_back({Compression::zlib, level});
    }
    for (int level = 1; level <= 15; ++level) {
        all.push_back({Compression::zstd, level});
    }
    return all;
}

const std::vector<CompressionMethod> one_of_each = {
    {Compression::zlib, 3}, {Compression::lzo, 0}, {Compression::zstd, 3}};

constexpr std::size_t no_limit = 2 * std::size_t{max_compressed_extent_bytes};

Buffer packed_of(const CompressionMethod& method, u32 sectorsize, const Buffer& plain) {
    Compressor compressor(method, sectorsize);
    const auto packed = compressor.compress(plain, no_limit);
    REQUIRE(packed);
    return {packed->begin(), packed->end()};
}

Buffer unpacked_of(Compression algorithm, u32 sectorsize, Bytes packed, std::size_t size) {
    Buffer plain(size, std::byte{0xaa});
    const auto done = Decompressor(sectorsize).decompress(algorithm, packed, plain);
    REQUIRE_MESSAGE(done, done.error().message);
    return plain;
}

void check_damaged(Compression algorithm, u32 sectorsize, Bytes packed, std::size_t size) {
    Buffer plain(size);
    const auto done = Decompressor(sectorsize).decompress(algorithm, packed, plain);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::damaged);
}

u32 length_at(Bytes packed, std::size_t offset) {
    const auto* length = view_at<btrfs::le32>(packed, offset);
    REQUIRE(length != nullptr);
    return *length;
}

} // namespace

TEST_CASE("compression: what is packed comes back, at every edge of size") {
    for (const u32 sectorsize : {4096U, 65536U}) {
        for (const auto& method : all_methods()) {
            Compressor compressor(method, sectorsize);
            Decompressor decompressor(sectorsize);
            for (const std::size_t size : {1, 2, 3, 100, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 131071, 131072}) {
                for (const auto kind : {Kind::zeros, Kind::text, Kind::noise}) {
                    CAPTURE(size);
                    const auto plain = sample(size, kind);
                    const auto packed = compressor.compress(plain, no_limit);
                    REQUIRE(packed);
                    // On disk, zeros fill the last sector.
                    Buffer stored(packed->begin(), packed->end());
                    stored.resize((stored.size() + sectorsize - 1) / sectorsize * sectorsize);
                    Buffer back(size, std::byte{0xaa});
                    REQUIRE(decompressor.decompress(method.algorithm, stored, back));
                    CHECK(back == plain);
                    REQUIRE(decompressor.decompress(method.algorithm, *packed, back));
                    CHECK(back == plain);
                }
            }
        }
    }
}

TEST_CASE("compression: the limit is kept to the byte") {
    for (const auto& method : one_of_each) {
        const auto plain = sample(20000, Kind::text);
        const auto size = packed_of(method, 4096, plain).size();
        Compressor compressor(method, 4096);
        CHECK_FALSE(compressor.compress(plain, 0));
        CHECK_FALSE(compressor.compress(plain, 3));
        CHECK_FALSE(compressor.compress(plain, size / 2));
        CHECK_FALSE(compressor.compress(sample(131072, Kind::noise), 131072 - 4096));
        const auto packed = compressor.compress(plain, size);
        REQUIRE(packed);
        CHECK(packed->size() == size);
        CHECK_FALSE(compressor.compress(plain, size - 1));
    }
    CHECK_FALSE(Compressor({Compression::none, 0}, 4096).compress(sample(4096, Kind::zeros), 4096));
}

TEST_CASE("compression: the same bytes give the same form, whatever came before") {
    for (const auto& method : all_methods()) {
        const auto plain = sample(100000, Kind::text);
        const auto fresh = packed_of(method, 4096, plain);
        Compressor used(method, 4096);
        for (unsigned seed = 0; seed < 5; ++seed) {
            (void)used.compress(sample(131072, Kind::text, seed), 1000 + seed * 20000);
            const auto again = used.compress(plain, no_limit);
            REQUIRE(again);
            CHECK(std::ranges::equal(*again, fresh));
        }
    }
}

TEST_CASE("compression: zstd frames are for the kernel: small window, with content size") {
    for (const auto size : {1, 4096, 100000, 131072}) {
        for (int level = 1; level <= 15; ++level) {
            const auto packed = packed_of({Compression::zstd, level}, 4096, sample(size, Kind::text));
            CHECK(ZSTD_getFrameContentSize(packed.data(), packed.size()) == size);
            // What the kernel does: a stream decompressor with a window of 128 KiB.
            auto* stream = ZSTD_createDStream();
            ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 17);
            Buffer plain(size);
            ZSTD_outBuffer out{plain.data(), plain.size(), 0};
            ZSTD_inBuffer in{packed.data(), packed.size(), 0};
            CHECK(ZSTD_decompressStream(stream, &out, &in) == 0);
            CHECK(plain == sample(size, Kind::text));
            ZSTD_freeDStream(stream);
        }
    }
}

TEST_CASE("compression: zlib streams begin as the kernel wants them") {
    for (int level = 1; level <= 9; ++level) {
        const auto packed = packed_of({Compression::zlib, level}, 4096, sample(131072, Kind::text));
        CHECK(packed[0] == std::byte{0x78}); // window of 32 KiB, no preset dictionary
        CHECK((std::to_integer<int>(packed[0]) * 256 + std::to_integer<int>(packed[1])) % 31 == 0);
        CHECK((packed[1] & std::byte{0x20}) == std::byte{0});
    }
}

TEST_CASE("lzo: a segment for each sector, and no length across a border") {
    for (const u32 sectorsize : {4096U, 65536U}) {
        auto plain = sample(2 * std::size_t{sectorsize}, Kind::noise);
        unsigned skipped = 0;
        // Noise becomes longer by some 1/255. With more and more zeros before it, the first segment comes to end at
        // each of the bytes before the border.
        for (std::size_t zeros = 8; zeros < 400; ++zeros) {
            plain[zeros] = std::byte{0};
            std::fill_n(plain.begin(), zeros, std::byte{0});
            const auto packed = packed_of({Compression::lzo, 0}, sectorsize, plain);
            CHECK(length_at(packed, 0) == packed.size());
            std::size_t offset = 4;
            std::size_t segments = 0;
            while (offset < packed.size()) {
                const std::size_t left = sectorsize - offset % sectorsize;
                if (left < 4) {
                    CHECK(std::ranges::all_of(clipped(packed, offset, left),
                                              [](std::byte byte) { return byte == std::byte{0}; }));
                    skipped |= 1U << left;
                    offset += left;
                }
                offset += 4 + length_at(packed, offset);
                ++segments;
            }
            CHECK(offset == packed.size());
            CHECK(segments == 2);
            CHECK(unpacked_of(Compression::lzo, sectorsize, packed, plain.size()) == plain);
        }
        CHECK(skipped == 0b1110); // 1, 2 and 3 bytes
    }
}

TEST_CASE("compression: what a stream ends short of is zero; what is more than wanted is left out") {
    for (const auto& method : one_of_each) {
        for (const std::size_t size : {100, 4096, 5000, 70000}) {
            CAPTURE(size);
            const auto plain = sample(size, Kind::text);
            const auto packed = packed_of(method, 4096, plain);
            auto longer = plain;
            longer.resize(131072);
            CHECK(unpacked_of(method.algorithm, 4096, packed, 131072) == longer);
            for (const std::size_t less : {size - 1, size / 2, std::size_t{1}}) {
                CHECK(unpacked_of(method.algorithm, 4096, packed, less) == Buffer(plain.begin(), plain.begin() + less));
            }
        }
    }
}

TEST_CASE("compression: none is a copy, and unknown numbers are said") {
    const auto plain = sample(5000, Kind::noise);
    auto longer = plain;
    longer.resize(6000);
    CHECK(unpacked_of(Compression::none, 4096, plain, 6000) == longer);
    CHECK(unpacked_of(Compression::none, 4096, plain, 10) == Buffer(plain.begin(), plain.begin() + 10));
    Buffer out(10);
    const auto done = Decompressor(4096).decompress(static_cast<Compression>(4), plain, out);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::unsupported);
}

TEST_CASE("compression: streams that are cut short, or none at all, are damaged") {
    const auto plain = sample(50000, Kind::text);
    for (const auto& method : one_of_each) {
        const auto packed = packed_of(method, 4096, plain);
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3}, packed.size() / 2}) {
            check_damaged(method.algorithm, 4096, Bytes(packed).first(size), plain.size());
        }
        check_damaged(method.algorithm, 4096, sample(5000, Kind::noise), plain.size());
        check_damaged(method.algorithm, 4096, Buffer(5000, std::byte{0xff}), plain.size());
        check_damaged(method.algorithm, 4096, Buffer(5000), plain.size());
    }
}

TEST_CASE("lzo: lengths that lie are damaged, not believed") {
    const auto plain = sample(50000, Kind::text);
    const auto packed = packed_of({Compression::lzo, 0}, 4096, plain);
    const auto with_length = [&](std::size_t offset, u32 length) {
        auto changed = packed;
        const btrfs::le32 stored{length};
        std::memcpy(changed.data() + offset, &stored, sizeof(stored));
        return changed;
    };
    for (const u32 length : {0U, 3U, u32(packed.size() + 1), 0x80000000U, 0xffffffffU}) {
        check_damaged(Compression::lzo, 4096, with_length(0, length), plain.size());
    }
    for (const u32 length : {0U, 1U, u32(packed.size() - 7), 0x80000000U, 0xffffffffU, 0xfffffff8U}) {
        check_damaged(Compression::lzo, 4096, with_length(4, length), plain.size());
    }
    // A segment of more than a sector.
    check_damaged(Compression::lzo, 4096, packed_of({Compression::lzo, 0}, 65536, plain), plain.size());
}

TEST_CASE("compression: bytes changed at random give an answer") {
    std::mt19937 random(3);
    const auto plain = sample(40000, Kind::text);
    for (const auto& method : one_of_each) {
        const auto packed = packed_of(method, 4096, plain);
        Decompressor decompressor(4096);
        for (unsigned i = 0; i < test::rounds(500, 3000); ++i) {
            auto changed = packed;
            for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
                // Often at the head, where lengths and tables are.
                const auto place = random() % (random() % 2 == 0 ? 40 : changed.size());
                changed[place] = static_cast<std::byte>(random());
            }
            Buffer out(random() % 3 == 0 ? random() % 131072 : plain.size());
            (void)decompressor.decompress(method.algorithm, changed, out);
        }
        CHECK(unpacked_of(method.algorithm, 4096, packed, plain.size()) == plain);
        Buffer after(plain.size());
        REQUIRE(decompressor.decompress(method.algorithm, packed, after)); // bad streams leave nothing behind
        CHECK(after == plain);
    }
}

TEST_CASE("compression: methods as users spell them") {
    const auto parsed = [](std::string_view text) {
        const auto method = parse_compression(text);
        REQUIRE(method);
        return *method;
    };
    CHECK(parsed("zstd") == CompressionMethod{Compression::zstd, 3});
    CHECK(parsed("zstd:0") == CompressionMethod{Compression::zstd, 3});
    CHECK(parsed("zstd:15") == CompressionMethod{Compression::zstd, 15});
    CHECK(parsed("zlib") == CompressionMethod{Compression::zlib, 3});
    CHECK(parsed("zlib:9") == CompressionMethod{Compression::zlib, 9});
    CHECK(parsed("lzo") == CompressionMethod{Compression::lzo, 0});
    CHECK(parsed("lzo:1") == CompressionMethod{Compression::lzo, 0});
    CHECK(parsed("lzo:0") == CompressionMethod{Compression::lzo, 0});
    CHECK(parsed("no") == CompressionMethod{Compression::none, 0});
    CHECK(parsed("none") == CompressionMethod{Compression::none, 0});
    for (const auto* text : {"", ":3", "gzip", "ZSTD", "zstd:", "zstd:16", "zstd:-1", "zstd:3x", "zstd: 3", "zlib:10",
                             "zlib:99999999999", "lzo:2", "no:1", "zstd:3:3"}) {
        const auto method = parse_compression(text);
        REQUIRE_FALSE_MESSAGE(method, text);
        CHECK(method.error().kind == ErrorKind::usage);
    }
}

} // namespace compression_test
