// SPDX-License-Identifier: MIT
#include "libfs/base/checksum.h"

#include <array>
#include <cstring>

#include <gcrypt.h>
#include <isa-l/crc.h>
#include <xxhash.h>

namespace btrkit {

namespace {

void need_gcrypt() {
    static const bool ready = [] {
        gcry_check_version(nullptr);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
        return true;
    }();
    static_cast<void>(ready);
}

void hash_with_gcrypt(int algorithm, Bytes bytes, btrfs::CsumBytes& out) {
    need_gcrypt();
    gcry_md_hash_buffer(algorithm, out.data(), bytes.data(), bytes.size());
}

template <class Stored, class Value>
void store(btrfs::CsumBytes& out, Value value) {
    const Stored stored{value};
    std::memcpy(out.data(), &stored, sizeof(stored));
}

} // namespace

btrfs::CsumBytes checksum(btrfs::CsumType type, Bytes bytes) {
    btrfs::CsumBytes out{};
    switch (type) {
    case btrfs::CsumType::crc32c: store<btrfs::le32>(out, ~crc32c_raw(~u32{0}, bytes)); break;
    case btrfs::CsumType::xxhash64: store<btrfs::le64>(out, XXH64(bytes.data(), bytes.size(), 0)); break;
    case btrfs::CsumType::sha256: hash_with_gcrypt(GCRY_MD_SHA256, bytes, out); break;
    case btrfs::CsumType::blake2b: hash_with_gcrypt(GCRY_MD_BLAKE2B_256, bytes, out); break;
    }
    return out;
}

bool checksum_matches(btrfs::CsumType type, Bytes bytes, const btrfs::CsumBytes& stored) {
    const auto size = btrfs::csum_types[static_cast<u16>(type)].size_bytes;
    return std::memcmp(checksum(type, bytes).data(), stored.data(), size) == 0;
}

FsverityHashBytes fsverity_hash(btrfs::FsverityHash hash, Bytes padded_salt, Bytes block) {
    need_gcrypt();
    std::array<gcry_buffer_t, 2> parts{};
    for (std::size_t i = 0; const Bytes part : {padded_salt, block}) {
        // libgcrypt takes pointers to non-const bytes, but only reads them.
        parts[i].data = const_cast<std::byte*>(part.data());
        parts[i].len = part.size();
        ++i;
    }
    FsverityHashBytes out{};
    const int algorithm = hash == btrfs::FsverityHash::sha512 ? GCRY_MD_SHA512 : GCRY_MD_SHA256;
    gcry_md_hash_buffers(algorithm, 0, out.data(), parts.data(), static_cast<int>(parts.size()));
    return out;
}

u32 crc32c_raw(u32 seed, Bytes bytes) {
    // ISA-L takes a pointer to non-const bytes, but only reads them.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    return crc32_iscsi(data, static_cast<int>(bytes.size()), seed);
}

u64 name_hash(Bytes name) {
    return crc32c_raw(~u32{1}, name);
}

u64 extref_hash(u64 parent, Bytes name) {
    return crc32c_raw(static_cast<u32>(parent), name);
}

u64 extent_data_ref_hash(u64 root, u64 objectid, u64 offset) {
    const btrfs::le64 stored_root{root};
    const std::array<btrfs::le64, 2> stored_rest{objectid, offset};
    const u64 high = crc32c_raw(~u32{0}, as_bytes_of(stored_root));
    const u64 low = crc32c_raw(~u32{0}, as_bytes_of(stored_rest));
    return (high << 31) ^ low;
}

} // namespace btrkit
