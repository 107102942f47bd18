// SPDX-License-Identifier: MIT
// Rot: random places that are used, damaged in random ways.
#pragma once

#include "tests/scrub/sample_volume.h"

#include <random>

namespace btrkit::test {

struct DamagePlace {
    enum class Kind { super, block, piece, data, parity }; ///< piece: a sector of a block
    Kind kind = Kind::data;
    Spot spot;
    u64 length = 0;
};

/// Every copy of everything that is used, parity too, by place.
std::vector<DamagePlace> damage_places(const SampleVolume& volume);

/// Flips one bit.
void flip_bit(SampleVolume& volume, const DamagePlace& place, std::mt19937_64& random);

class Damager {
public:
    Damager(SampleVolume& volume, const std::vector<DamagePlace>& places, u64 seed)
        : volume_(volume), places_(places), random_(seed) {}

    /// Damages some places; returns which devices are taken away besides.
    std::set<u64> damage();

private:
    u64 below(u64 bound) { return random_() % bound; }
    const DamagePlace& any_place() { return places_[below(places_.size())]; }

    std::set<u64> take_devices();
    void damage_few();
    void damage_row();
    void damage_copies();
    void damage_share();
    void damage_run();
    void damage_device();

    void spoil(const DamagePlace& place);
    void spoil_super(const DamagePlace& place);
    void write_old_super(const DamagePlace& place);
    void settle_supers();
    /// Valid in itself, but of another time.
    void write_old_block(const DamagePlace& place);
    void write_other(const DamagePlace& place);
    void write(const DamagePlace& place, u64 from, Bytes bytes) {
        volume_.disk(place.spot.devid).write(place.spot.offset + from, bytes);
    }

    SampleVolume& volume_;
    const std::vector<DamagePlace>& places_;
    std::mt19937_64 random_;
};

} // namespace btrkit::test
