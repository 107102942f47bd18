// SPDX-License-Identifier: MIT
// fs-verity: the descriptor of a file. VERITY_MERKLE_ITEM (inode, 37, byte position) is raw hash tree.
#pragma once

#include "formats/btrfs/fields.h"

namespace btrfs {

/// VERITY_DESC_ITEM at key offset 0; the descriptor itself (fsverity's own structure) follows from key offset 1.
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
    std::array<u8, 64> root_hash{};
    std::array<u8, 32> salt{};
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
