// SPDX-License-Identifier: MIT
// How each copy of each sector of a unit was found.
#pragma once

#include "libfs/survey/verify/unit.h"
#include "libfs/survey/verify/verify_mode.h"

#include <map>

namespace btrkit::survey {

enum class CopyState : u8 {
    unread, ///< not wanted, or on a device that is missing
    read,   ///< nothing proves it or speaks against it
    good,
    bad,
    unreadable,
};

class CopyStates {
public:
    CopyStates(unsigned copies, std::size_t sectors) : sectors_(sectors), states_(copies * sectors) {}

    unsigned copies() const { return static_cast<unsigned>(states_.size() / sectors_); }
    CopyState at(std::size_t index, unsigned mirror) const { return states_[place(index, mirror)]; }
    void set(std::size_t index, unsigned mirror, CopyState state) { states_[place(index, mirror)] = state; }

    /// A hash of the sector, or of the block that begins with it; 0 where none was taken.
    u64 fingerprint(std::size_t index, unsigned mirror) const {
        return fingerprints_.empty() ? 0 : fingerprints_[place(index, mirror)];
    }
    void set_fingerprint(std::size_t index, unsigned mirror, u64 value) {
        fingerprints_.resize(states_.size());
        fingerprints_[place(index, mirror)] = value;
    }

    /// What a bad sector's checksum is, and what is wrong with a bad block.
    btrfs::CsumBytes computed(std::size_t index, unsigned mirror) const { return look_up(computed_, index, mirror); }
    void set_computed(std::size_t index, unsigned mirror, const btrfs::CsumBytes& checksum) {
        computed_[place(index, mirror)] = checksum;
    }
    Problems problems(std::size_t index, unsigned mirror) const { return look_up(problems_, index, mirror); }
    void set_problems(std::size_t index, unsigned mirror, Problems problems) {
        problems_[place(index, mirror)] = std::move(problems);
    }

    /// The first mirror in that state; 0: none is.
    unsigned first_read(std::size_t index) const { return first(index, CopyState::read); }
    unsigned first_good(std::size_t index) const { return first(index, CopyState::good); }

private:
    std::size_t place(std::size_t index, unsigned mirror) const { return (mirror - 1) * sectors_ + index; }
    unsigned first(std::size_t index, CopyState state) const {
        for (unsigned mirror = 1; mirror <= copies(); ++mirror) {
            if (at(index, mirror) == state) {
                return mirror;
            }
        }
        return 0;
    }
    template <class Map>
    typename Map::mapped_type look_up(const Map& map, std::size_t index, unsigned mirror) const {
        const auto found = map.find(place(index, mirror));
        return found == map.end() ? typename Map::mapped_type{} : found->second;
    }

    std::size_t sectors_;
    std::vector<CopyState> states_;
    std::vector<u64> fingerprints_; ///< empty: none was taken
    std::map<std::size_t, btrfs::CsumBytes> computed_;
    std::map<std::size_t, Problems> problems_;
};

/// Reads every stored copy of what is wanted of the unit.
CopyStates read_copies(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer);

} // namespace btrkit::survey
