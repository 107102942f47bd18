// SPDX-License-Identifier: MIT
// Checksums against published vectors, hashes against those that kernels wrote.
#include "libfs/base/checksum.h"

#include "formats/btrfs/objectids.h"
#include "libfs/base/text_buffer.h"

#include <string>

#include <doctest/doctest.h>

namespace checksum_test {

namespace {

using btrfs::CsumType;
using btrkit::Bytes;
using btrkit::u64;

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// As it stands on disk, in hexadecimal, with the zeros behind it.
std::string stored(CsumType type, std::string_view text) {
    btrkit::TextBuffer out;
    const btrfs::CsumBytes bytes = btrkit::checksum(type, bytes_of(text));
    out.hex_bytes(std::as_bytes(std::span(bytes)));
    return std::string(out.view());
}

std::string zeros(std::size_t count) {
    return std::string(count, '0');
}

TEST_CASE("crc32c and xxhash64 are stored little-endian, the rest of the field is zero") {
    CHECK(stored(CsumType::crc32c, "123456789") == "839206e3" + zeros(56)); // 0xe3069283, RFC 3720 appendix B.4
    CHECK(stored(CsumType::crc32c, std::string(32, '\0')) == "aa36918a" + zeros(56)); // 0x8a9136aa, the same
    CHECK(stored(CsumType::crc32c, "") == zeros(64));
    CHECK(stored(CsumType::xxhash64, "") == "99e9d85137db46ef" + zeros(48));    // 0xef46db3751d8e999
    CHECK(stored(CsumType::xxhash64, "abc") == "990977adf52cbc44" + zeros(48)); // 0x44bc2cf5ad770999
}

TEST_CASE("sha256 and blake2b fill the field") {
    CHECK(stored(CsumType::sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(stored(CsumType::sha256, "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(stored(CsumType::blake2b, "abc") == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST_CASE("hashes of fs-verity take the salt before the block, and are zero behind their size") {
    const auto hex = [](btrfs::FsverityHash hash, std::string_view salt, std::string_view block) {
        btrkit::TextBuffer out;
        out.hex_bytes(btrkit::as_bytes_of(btrkit::fsverity_hash(hash, bytes_of(salt), bytes_of(block))));
        return std::string(out.view());
    };
    const std::string sha256_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" + zeros(64);
    CHECK(hex(btrfs::FsverityHash::sha256, "", "abc") == sha256_abc);
    CHECK(hex(btrfs::FsverityHash::sha256, "ab", "c") == sha256_abc);
    CHECK(hex(btrfs::FsverityHash::sha512, "a", "bc") ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("a checksum matches in its own bytes alone") {
    auto crc = btrkit::checksum(CsumType::crc32c, bytes_of("abc"));
    crc[4] = 0xff;
    CHECK(btrkit::checksum_matches(CsumType::crc32c, bytes_of("abc"), crc));
    crc[3] ^= 1;
    CHECK_FALSE(btrkit::checksum_matches(CsumType::crc32c, bytes_of("abc"), crc));

    auto sha = btrkit::checksum(CsumType::sha256, bytes_of("abc"));
    CHECK(btrkit::checksum_matches(CsumType::sha256, bytes_of("abc"), sha));
    sha[31] ^= 1;
    CHECK_FALSE(btrkit::checksum_matches(CsumType::sha256, bytes_of("abc"), sha));
}

TEST_CASE("hashes are those that kernels keyed items by") {
    CHECK(btrkit::name_hash(bytes_of("default")) == 2378154706);
    CHECK(btrkit::name_hash(bytes_of("system.posix_acl_access")) == 2038346239);
    CHECK(btrkit::extref_hash(347, bytes_of("link-141-" + std::string(100, 'x'))) == 73356741);
    CHECK(btrkit::extent_data_ref_hash(btrfs::fs_tree_id, 257, 540672) == 1007496934324996751);
    CHECK(btrkit::extent_data_ref_hash(btrfs::fs_tree_id, 257, 655360) == 1007496931653922102);
}

TEST_CASE("only the low half of the parent seeds the hash of an extended reference") {
    const u64 high_half = u64{1} << 32;
    CHECK(btrkit::extref_hash(256 + high_half, bytes_of("a")) == btrkit::extref_hash(256, bytes_of("a")));
}

} // namespace

} // namespace checksum_test
