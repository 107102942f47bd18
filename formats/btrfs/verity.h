// SPDX-License-Identifier: MIT
// fs-verity: the descriptor of a file. VERITY_MERKLE_ITEM (inode, 37, byte position) is raw hash tree.
#pragma once

#include "formats/btrfs/fields.h"

#include <string_view>

namespace btrfs {

/// FsverityDescriptor::hash_algorithm (FS_VERITY_HASH_ALG_*).
enum class FsverityHash : u8 { sha256 = 1, sha512 = 2 };

struct FsverityHashInfo {
    FsverityHash hash;
    std::string_view name;
    u32 size_bytes;
    u32 input_block_bytes; ///< the salt is padded with zeros to as many
};
inline constexpr std::array fsverity_hashes = std::to_array<FsverityHashInfo>({
    {FsverityHash::sha256, "sha256", 32, 64},
    {FsverityHash::sha512, "sha512", 64, 128},
});

/// The row of a raw hash_algorithm, or null if the format has none by that number.
constexpr const FsverityHashInfo* find_fsverity_hash(u8 raw) {
    return raw >= 1 && raw <= fsverity_hashes.size() ? &fsverity_hashes[raw - 1] : nullptr;
}

/// What kernels take (fs/verity). Blocks of the hash tree are no larger than a page and a sector; a tree has so many
/// levels at most.
inline constexpr u32 min_fsverity_block_bytes = 1024;
inline constexpr u32 max_fsverity_levels = 8;
inline constexpr u32 max_fsverity_salt_bytes = 32;
inline constexpr u32 max_fsverity_signature_bytes = 16128;

/// In so many bytes at most kernels cut the hash tree and the descriptor, one item each.
inline constexpr u32 max_verity_item_bytes = 2048;
/// Items of the descriptor have its byte positions, plus this, as key offsets.
inline constexpr u64 verity_descriptor_offset = 1;

/// VERITY_DESC_ITEM at key offset 0: the size of the descriptor itself (fsverity's own structure) with its signature,
/// which follows from key offset 1.
struct VerityDescriptorItem {
    le64 size;
    std::array<le64, 2> reserved;
    u8 encryption{};
};
template <>
inline constexpr auto fields_of<VerityDescriptorItem> = FieldList{
    Field{"size", &VerityDescriptorItem::size},
    Field{"reserved", &VerityDescriptorItem::reserved},
    Field{"encryption", &VerityDescriptorItem::encryption},
};
static_assert(layout_is<VerityDescriptorItem>(25));

/// The kernel's struct fsverity_descriptor (fs/verity); a signature of sig_size bytes follows.
struct FsverityDescriptor {
    u8 version{};
    u8 hash_algorithm{};
    u8 log_blocksize{};
    u8 salt_size{};
    le32 sig_size;
    le64 data_size;
    std::array<u8, 64> root_hash{}; ///< zeros behind the algorithm's size
    std::array<u8, max_fsverity_salt_bytes> salt{};
    std::array<u8, 144> reserved{};
};
template <>
inline constexpr auto fields_of<FsverityDescriptor> = FieldList{
    Field{"version", &FsverityDescriptor::version},
    Field{"hash_algorithm", &FsverityDescriptor::hash_algorithm},
    Field{"log_blocksize", &FsverityDescriptor::log_blocksize},
    Field{"salt_size", &FsverityDescriptor::salt_size},
    Field{"sig_size", &FsverityDescriptor::sig_size},
    Field{"data_size", &FsverityDescriptor::data_size},
    Field{"root_hash", &FsverityDescriptor::root_hash},
    Field{"salt", &FsverityDescriptor::salt},
    Field{"reserved", &FsverityDescriptor::reserved},
};
static_assert(layout_is<FsverityDescriptor>(256));

} // namespace btrfs
