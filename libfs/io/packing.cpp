// SPDX-License-Identifier: MIT
// Formats: RFC 8878 (zstd), RFC 1952 (gzip), the XZ, bzip2 and LZ4 frame formats, POSIX tar, QEMU's docs/interop/qcow2,
// VMware's virtual disk format, [MS-VHDX] and VHD, VirtualBox's VDI, libewf's documentation, AOSP's sparse_format.h;
// docs/format.md of here for streams; bcachefs_format.h and btrfs-progs' metadump for their magics alone.
#include "libfs/io/packing.h"

#include <algorithm>
#include <array>

namespace btrkit {

namespace {

using namespace std::string_view_literals;

struct PackingMagic {
    std::string_view word;
    u64 offset;
    std::string_view bytes;
};

constexpr auto magics = std::to_array<PackingMagic>({
    {"zstd", 0, "\x28\xb5\x2f\xfd"sv},
    {"gzip", 0, "\x1f\x8b\x08"sv},
    {"xz", 0, "\xfd\x37zXZ\0"sv},
    {"bzip2", 0, "BZh"sv},
    {"lz4", 0, "\x04\x22\x4d\x18"sv},
    {"zip", 0, "PK\x03\x04"sv},
    {"tar", 257, "ustar"sv},
    {"qcow2", 0, "QFI\xfb"sv},
    {"vmdk", 0, "KDMV"sv},
    {"vmdk", 0, "# Disk DescriptorFile"sv},
    {"vdi", 64, "\x7f\x10\xda\xbe"sv},
    {"vhd", 0, "conectix"sv},
    {"vhdx", 0, "vhdxfile"sv},
    {"ewf", 0, "EVF\x09\x0d\x0a\xff\0"sv},
    {"ewf", 0, "EVF2\x0d\x0a\x81\0"sv},
    {"android-sparse", 0, "\x3a\xff\x26\xed"sv},
    {"btrfs-stream", 0, "btrfs-stream\0"sv},
    {"btrfs-image", 0, "\x8b\x66\x95\x72\xe2\x25\x5c\xbd"sv},
    {"bcachefs", 4096 + 24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"sv},
});

} // namespace

std::optional<std::string> find_packing(const BlockDevice& device) {
    for (const auto& magic : magics) {
        std::array<std::byte, 32> bytes{};
        const auto found = MutableBytes(bytes).first(magic.bytes.size());
        if (device.size_bytes() >= magic.offset + found.size() && device.read(magic.offset, found) &&
            as_text(found) == magic.bytes) {
            return std::string(magic.word);
        }
    }
    return std::nullopt;
}

} // namespace btrkit
