// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/checksum_source.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/data_checksums.h"
#include "libfs/tree/csum_key.h"

namespace btrkit::survey {

namespace {

/// To pass over more than this item by item is dearer than to descend the tree anew.
constexpr u64 far_bytes = u64{1} << 30;

} // namespace

void ChecksumSource::fill(VerifyUnit& unit) {
    const auto wants = [](SectorUse use) { return use == SectorUse::plain || use == SectorUse::lost; };
    if (std::ranges::none_of(unit.sectors, wants)) {
        return;
    }
    stand_at(unit.range.start);
    while (is_on_item() && cursor_.key().offset < unit.range.end) {
        copy_item(unit);
        if (item_end() > unit.range.end) {
            break; // the next unit wants it too
        }
        cursor_.next();
        lost_.note(cursor_, &btrfs::Key::offset);
    }
    reached_ = unit.range.end;
}

u64 ChecksumSource::first_from(u64 bytenr) {
    stand_at(bytenr);
    while (is_on_item() && item_end() <= bytenr) {
        cursor_.next();
        lost_.note(cursor_, &btrfs::Key::offset);
    }
    reached_ = bytenr;
    return is_on_item() ? std::max(bytenr, cursor_.key().offset) : ~u64{0};
}

bool ChecksumSource::is_on_item() const {
    return cursor_.valid() && cursor_.key().type == btrfs::item_type::extent_csum;
}

void ChecksumSource::stand_at(u64 bytenr) {
    if (!reached_ || bytenr < *reached_ || bytenr - *reached_ > far_bytes) {
        const u64 reach = std::min(bytenr, most_covered_bytes(geometry_));
        cursor_.seek(csum_key(bytenr - reach));
        lost_.note(cursor_, &btrfs::Key::offset);
    }
}

u64 ChecksumSource::item_end() const {
    return cursor_.key().offset + cursor_.data().size() / geometry_.csum_size_bytes * geometry_.sectorsize;
}

void ChecksumSource::copy_item(VerifyUnit& unit) const {
    const u64 start = cursor_.key().offset;
    const u64 end = std::min(item_end(), unit.range.end);
    if (start % geometry_.sectorsize != 0 || item_end() < start) {
        return; // check says what is wrong with it
    }
    const Bytes checksums = cursor_.data();
    for (u64 at = std::max(start, unit.range.start); at < end; at += geometry_.sectorsize) {
        const std::size_t index = unit.index_of(at);
        auto& use = unit.sectors[index];
        if (use == SectorUse::plain || use == SectorUse::lost) {
            use = SectorUse::summed;
            const auto from = (at - start) / geometry_.sectorsize * geometry_.csum_size_bytes;
            std::memcpy(unit.checksums.data() + index * unit.csum_size_bytes, checksums.data() + from,
                        unit.csum_size_bytes);
        }
    }
}

} // namespace btrkit::survey
