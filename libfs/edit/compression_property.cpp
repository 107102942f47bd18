// SPDX-License-Identifier: MIT
#include "libfs/edit/compression_property.h"

#include "formats/btrfs/flags.h"

#include <sys/stat.h>

namespace btrkit {

namespace {

bool means_none(std::string_view value) {
    return value.empty() || value == "none" || value == "no";
}

} // namespace

bool takes_compression(const Inode& inode) {
    return (S_ISREG(inode.mode) || S_ISDIR(inode.mode)) &&
           (inode.flags & (btrfs::inode_nodatacow | btrfs::inode_nodatasum)) == 0;
}

bool is_compression_property(std::string_view value) {
    return means_none(value) || value.starts_with("zlib") || value.starts_with("lzo") || value.starts_with("zstd");
}

bool is_inherited_property(std::string_view value) {
    return !means_none(value);
}

u64 flags_with_compression(u64 flags, std::string_view value) {
    flags &= ~(btrfs::inode_compress | btrfs::inode_nocompress);
    if (value.empty()) {
        return flags;
    }
    return flags | (means_none(value) ? btrfs::inode_nocompress : btrfs::inode_compress);
}

u64 incompat_of(btrfs::Compression compression) {
    switch (compression) {
    case btrfs::Compression::lzo: return btrfs::incompat_compress_lzo;
    case btrfs::Compression::zstd: return btrfs::incompat_compress_zstd;
    default: return 0;
    }
}

CompressionMethod compression_of(u64 flags, std::string_view property, CompressionMethod otherwise) {
    if ((flags & (btrfs::inode_nodatasum | btrfs::inode_nodatacow | btrfs::inode_nocompress)) != 0) {
        return {};
    }
    if ((flags & btrfs::inode_compress) == 0) {
        return otherwise;
    }
    // The flag alone means what the kernel takes if nothing is said.
    return parse_compression(property.empty() ? "zlib" : property).value_or(otherwise);
}

} // namespace btrkit
