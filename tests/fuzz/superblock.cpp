// SPDX-License-Identifier: MIT
// Any 4096 bytes as a superblock: checked, compared with itself changed, shown in both formats.
#include "formats/btrfs/superblock.h"

#include "libfs/render/superblock_json.h"
#include "libfs/render/superblock_text.h"
#include "libfs/volume/superblock_copies.h"
#include "tests/fuzz/edited_image.h"

using namespace btrkit;

namespace {

btrfs::Superblock superblock_from(Bytes input) {
    btrfs::Superblock super;
    const auto bytes = std::as_writable_bytes(std::span(&super, 1));
    std::ranges::copy(clipped(input, 0, bytes.size()), bytes.begin());
    return super;
}

/// What would keep nearly all inputs from being looked at any further.
void make_plausible(btrfs::Superblock& super) {
    super.magic = btrfs::superblock_magic;
    super.bytenr = btrfs::superblock_offsets[0];
    super.csum_type = static_cast<btrfs::u16>(btrfs::CsumType::crc32c);
    fuzz::set_checksum(std::as_writable_bytes(std::span(&super, 1)));
}

void exercise(const btrfs::Superblock& super) {
    SuperblockCopy copy{0, btrfs::superblock_offsets[0], super, {}};
    copy.problems = check_superblock(super, copy.offset, "fuzz.img");
    if (copy.valid()) {
        static_cast<void>(geometry_of(super));
    }
    for (const auto& problem : copy.problems) {
        static_cast<void>(describe(problem));
    }
    SuperblockCopy other = copy;
    other.mirror = 1;
    other.super.generation = super.generation + 1;
    const std::vector<SuperblockCopy> copies = {copy, other};
    static_cast<void>(compare_superblock_copies(copies, speaking_copy(copies), "fuzz.img"));
    TextBuffer text;
    put_superblock(text, super, copy.offset, "fuzz.img", true);
    static_cast<void>(superblock_json(super).dump());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    btrfs::Superblock super = superblock_from(std::as_bytes(std::span(data, size)));
    exercise(super);
    make_plausible(super);
    exercise(super);
    return 0;
}
