// SPDX-License-Identifier: MIT
#include "tests/scrub/damage.h"

#include "formats/btrfs/tree_block.h"
#include "libfs/base/checksum.h"
#include "libfs/volume/superblock_copies.h"
#include "tests/scrub/oracle.h"
#include "tests/support/build_leaf.h"

#include <algorithm>
#include <cstring>

namespace btrkit::test {

std::vector<DamagePlace> damage_places(const SampleVolume& volume) {
    using Kind = DamagePlace::Kind;
    std::vector<DamagePlace> places;
    for (const Spot& spot : volume.supers()) {
        places.push_back({Kind::super, spot, btrfs::superblock_size});
    }
    for (const UsedItem& item : volume.items()) {
        for (const Spot& spot : item.copies) {
            places.push_back({item.use == Use::block ? Kind::block : Kind::data, spot, item.length});
        }
    }
    for (const UsedRow& row : volume.rows()) {
        for (std::size_t entry = row.items.size(); entry < row.spots.size(); ++entry) {
            places.push_back({Kind::parity, row.spots[entry], volume.sectorsize()});
        }
    }
    std::ranges::sort(places, {}, &DamagePlace::spot);
    return places;
}

void flip_bit(SampleVolume& volume, const DamagePlace& place, std::mt19937_64& random) {
    Disk& disk = volume.disk(place.spot.devid);
    // What a short checksum leaves of its field in superblocks and tree blocks means nothing, nor does parity beside
    // it.
    u64 from = random() % place.length;
    while (from % volume.sectorsize() >= volume.geometry().csum_size_bytes &&
           from % volume.sectorsize() < btrfs::max_csum_size) {
        from = random() % place.length;
    }
    const u64 at = place.spot.offset + from;
    auto byte = disk.bytes_at(at, 1);
    byte[0] ^= static_cast<std::byte>(1U << random() % 8);
    disk.write(at, byte);
}

std::set<u64> Damager::damage() {
    switch (below(8)) {
    case 0: damage_share(); break;
    case 1: damage_run(); break;
    case 2:
        if (below(4) == 0) {
            for (u64 i = 1 + below(2); i > 0; --i) {
                damage_device();
            }
            break;
        }
        [[fallthrough]];
    case 3:
    case 4: damage_few(); break;
    default:
        for (u64 i = 1 + below(6); i > 0; --i) {
            volume_.rows().empty() || below(3) == 0 ? damage_copies() : damage_row();
        }
        if (below(2) == 0) {
            damage_few();
        }
    }
    settle_supers();
    return take_devices();
}

/// As many as the weakest profile bears, and seldom one more.
std::set<u64> Damager::take_devices() {
    std::set<u64> taken;
    if (below(4) != 0) {
        return taken;
    }
    u64 bearable = volume_.kind().device_count;
    for (const Chunk& chunk : volume_.chunks()) {
        bearable = std::min<u64>(bearable, chunk.profile().tolerated_failures);
    }
    const u64 count = below(bearable + 1) + (below(10) == 0 ? 1 : 0);
    while (taken.size() < std::min<u64>(count, volume_.kind().device_count - 1)) {
        taken.insert(1 + below(volume_.kind().device_count));
    }
    return taken;
}

void Damager::damage_few() {
    for (u64 i = 1 + below(8); i > 0; --i) {
        spoil(any_place());
    }
}

/// Some of the sectors that stand beside each other, of one row or of neighbours.
void Damager::damage_row() {
    const u64 start = below(volume_.rows().size());
    const u64 end = std::min<u64>(start + 1 + below(3) * below(8), volume_.rows().size());
    for (u64 number = start; number < end; ++number) {
        const UsedRow& row = volume_.rows()[number];
        u64 count = 1 + below(row.parity_count() + 1);
        for (u64 tries = 0; tries < 10 && count > 0; ++tries) {
            const u64 entry = below(row.spots.size());
            if (entry >= row.items.size()) {
                spoil({DamagePlace::Kind::parity, row.spots[entry], volume_.sectorsize()});
                --count;
            } else if (row.items[entry]) {
                const bool is_block = volume_.items()[*row.items[entry]].use == Use::block;
                spoil({is_block ? DamagePlace::Kind::piece : DamagePlace::Kind::data, row.spots[entry],
                       volume_.sectorsize()});
                --count;
            }
        }
    }
}

/// Some or all copies of one thing.
void Damager::damage_copies() {
    const UsedItem& item = volume_.items()[below(volume_.items().size())];
    const auto kind = item.use == Use::block ? DamagePlace::Kind::block : DamagePlace::Kind::data;
    const bool is_all = below(4) == 0;
    for (const Spot& spot : item.copies) {
        if (is_all || below(2) == 0) {
            spoil({kind, spot, item.length});
        }
    }
}

void Damager::damage_share() {
    const u64 share = 2 + below(40);
    for (const DamagePlace& place : places_) {
        if (below(share) == 0) {
            spoil(place);
        }
    }
}

/// One after the other on a device.
void Damager::damage_run() {
    const u64 start = below(places_.size());
    const u64 end = std::min<u64>(start + 1 + below(200), places_.size());
    for (u64 i = start; i < end; ++i) {
        if (places_[i].spot.devid == places_[start].spot.devid) {
            spoil(places_[i]);
        }
    }
}

void Damager::damage_device() {
    const u64 devid = 1 + below(volume_.kind().device_count);
    for (const DamagePlace& place : places_) {
        if (place.spot.devid == devid && place.kind != DamagePlace::Kind::super) {
            spoil(place);
        }
    }
}

void Damager::spoil(const DamagePlace& place) {
    if (place.kind == DamagePlace::Kind::super) {
        return spoil_super(place);
    }
    const u64 sectors = place.length / volume_.sectorsize();
    const u64 from = below(sectors) * volume_.sectorsize();
    const u64 length = below(2) == 0 ? volume_.sectorsize() : place.length - from;
    std::vector<std::byte> bytes(length);
    switch (below(8)) {
    case 0:
    case 1: flip_bit(volume_, place, random_); break;
    case 2:
    case 3:
        std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random_()); });
        write(place, from, bytes);
        break;
    case 4: write(place, from, bytes); break;
    case 5: write_other(place); break;
    case 6: place.kind == DamagePlace::Kind::block ? write_old_block(place) : write_other(place); break;
    default: volume_.disk(place.spot.devid).unreadable.insert((place.spot.offset + from) / page_bytes); break;
    }
}

void Damager::spoil_super(const DamagePlace& place) {
    std::vector<std::byte> bytes(place.length);
    switch (below(4)) {
    case 0: write(place, 0, bytes); break;
    case 1: write_old_super(place); break;
    default: flip_bit(volume_, place, random_); break;
    }
}

void Damager::write_old_super(const DamagePlace& place) {
    btrfs::Superblock super;
    const auto bytes = volume_.disk(place.spot.devid).pristine_at(place.spot.offset, place.length);
    std::memcpy(&super, bytes.data(), sizeof(super));
    super.generation = super.generation - 1;
    const auto sealed = sealed_copy(super, place.spot.offset);
    write(place, 0, as_bytes_of(sealed));
}

/// Where no mirror of a device is whole, none of them may tell of another time.
void Damager::settle_supers() {
    for (const u64 devid : lost_devices(volume_, {})) {
        for (const DamagePlace& place : places_) {
            if (place.kind == DamagePlace::Kind::super && place.spot.devid == devid) {
                write(place, 0, std::vector<std::byte>(place.length));
            }
        }
    }
}

void Damager::write_old_block(const DamagePlace& place) {
    auto block = volume_.disk(place.spot.devid).pristine_at(place.spot.offset, place.length);
    btrfs::TreeBlockHeader header;
    std::memcpy(&header, block.data(), sizeof(header));
    header.generation = header.generation + 1 - 2 * below(2);
    std::memcpy(block.data(), &header, sizeof(header));
    seal_block(volume_.geometry(), block);
    write(place, 0, block);
}

/// What stands in another place of the same kind.
void Damager::write_other(const DamagePlace& place) {
    const DamagePlace* other = &any_place();
    for (u64 tries = 0; tries < 50 && (other->kind != place.kind || other->length != place.length); ++tries) {
        other = &any_place();
    }
    const u64 length = std::min(place.length, other->length);
    write(place, 0, volume_.disk(other->spot.devid).pristine_at(other->spot.offset, length));
}

} // namespace btrkit::test
