// SPDX-License-Identifier: MIT
#include "apps/common/foreign_kinds.h"

#include "apps/common/shell_word.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct ForeignKind {
    std::string_view type; ///< of a Signature
    std::string_view words;
    /// {image}: the place as our tools take it. {file}: the file, or a loop device over the range, for all others.
    /// {behind}: what begins 8 KiB further on. Empty: there is nothing to get to.
    std::string_view next;
};

constexpr auto kinds = std::to_array<ForeignKind>({
    // A btrfs may be inside.
    {"crypto_LUKS", "a LUKS encrypted volume",
     "open it and take what is inside: cryptsetup open --readonly {file} inside, then /dev/mapper/inside"},
    {"BitLocker", "a BitLocker encrypted volume",
     "open it: cryptsetup bitlkOpen --readonly {file} inside, then /dev/mapper/inside"},
    {"LVM2_member", "an LVM physical volume",
     "activate it: vgchange -ay after losetup --find --show {file}, then /dev/VOLUME_GROUP/VOLUME"},
    {"linux_raid_member", "a member of an MD RAID",
     "assemble it: mdadm --assemble --readonly /dev/md/inside MEMBER... (losetup --find --show {file} makes one)"},
    {"bcache", "a bcache device", "what it caches begins behind its header, by default at {behind}"},
    {"DM_integrity", "a dm-integrity volume", "open it: integritysetup open {file} inside, then /dev/mapper/inside"},
    {"VMFS_volume_member", "a VMFS volume", ""},
    {"zfs_member", "a member of a ZFS pool", "look at it: zpool import -d {file}"},
    {"bcachefs", "a bcachefs filesystem", "look at it: bcachefs show-super {file}"},
    {"apfs", "an APFS container", ""},
    {"ext2", "an ext2 filesystem", "look at it: e2fsck -n {file}"},
    {"ext3", "an ext3 filesystem", "look at it: e2fsck -n {file}"},
    {"ext4", "an ext4 filesystem", "look at it: e2fsck -n {file}"},
    {"xfs", "an XFS filesystem", "look at it: xfs_repair -n {file}"},
    {"swap", "swap space", ""},
    // What images come packed in.
    {"zstd", "compressed by zstd", "unpack it: zstd -d {file} -o raw.img"},
    {"gzip", "compressed by gzip", "unpack it: gzip -dc {file} >raw.img"},
    {"xz", "compressed by xz", "unpack it: xz -dc {file} >raw.img"},
    {"bzip2", "compressed by bzip2", "unpack it: bzip2 -dc {file} >raw.img"},
    {"lz4", "compressed by lz4", "unpack it: lz4 -d {file} raw.img"},
    {"zip", "a zip archive", "unpack it: unzip {file}"},
    {"tar", "a tar archive", "unpack it, or make a btrfs of it: btrkit-mkfs --tar {image} new.img"},
    {"qcow2", "a disk of QEMU (qcow2)", "make it raw: qemu-img convert -O raw {file} raw.img"},
    {"vmdk", "a disk of VMware (VMDK)", "make it raw: qemu-img convert -O raw {file} raw.img"},
    {"vdi", "a disk of VirtualBox (VDI)", "make it raw: qemu-img convert -O raw {file} raw.img"},
    {"vhd", "a disk of Virtual PC (VHD)", "make it raw: qemu-img convert -f vpc -O raw {file} raw.img"},
    {"vhdx", "a disk of Hyper-V (VHDX)", "make it raw: qemu-img convert -O raw {file} raw.img"},
    {"ewf", "an EnCase image (EWF)", "make it raw: ewfexport -t raw -f raw {file}"},
    {"android-sparse", "an Android sparse image", "make it raw: simg2img {file} raw.img"},
    {"btrfs-stream", "a send stream, not an image", "look at it: btrfs receive --dump -f {image}"},
    {"btrfs-image", "a dump of btrfs-image: metadata alone", "restore it: btrfs-image -r {file} raw.img"},
});

/// The word with its article.
std::string with_article(std::string_view word) {
    const bool has_vowel = !word.empty() && std::string_view("aeiouAEIO").find(word.front()) != std::string_view::npos;
    return fmt::format("{} {}", has_vowel ? "an" : "a", printable(word));
}

/// The file itself, or a loop device over the range.
std::string file_word(const ImagePlace& place) {
    if (place.is_whole()) {
        return shell_word(place.path);
    }
    return fmt::format("$(losetup --read-only --find --show --offset {}{} {})", place.offset,
                       place.length_bytes ? fmt::format(" --sizelimit {}", *place.length_bytes) : "",
                       shell_word(place.path));
}

} // namespace

std::string foreign_text(const ImagePlace& place, const Signature& signature) {
    const auto kind = std::ranges::find(kinds, signature.type, &ForeignKind::type);
    if (kind == kinds.end() || signature.kind == Signature::Kind::partition_table) {
        return with_article(signature.text());
    }
    std::string text(kind->words);
    if (!signature.label.empty()) {
        text += fmt::format(" (label \"{}\")", printable(signature.label));
    }
    if (!kind->next.empty()) {
        text += "; " +
                fmt::format(fmt::runtime(kind->next), fmt::arg("file", file_word(place)),
                            fmt::arg("image", shell_word(place.name)),
                            fmt::arg("behind", shell_word(fmt::format("{}@{}", place.path, place.offset + 8 * kib))));
    }
    return text;
}

} // namespace btrkit::apps
