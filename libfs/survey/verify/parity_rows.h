// SPDX-License-Identifier: MIT
// The rows of raid5 and raid6 that a unit consists of, in memory: data, P and Q, and what is known of each sector.
#pragma once

#include "libfs/survey/verify/unit.h"
#include "libfs/survey/verify/verify_mode.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::survey {

enum class RowState : u8 {
    absent,     ///< on a device that is missing
    unreadable, ///< the device fails
    bad,        ///< read, but not what it should be
    suspect,    ///< read; of a tree block that is not what it should be: this may be the part that is wrong, or not
    read,       ///< nothing proves it or speaks against it
    proven,
};

constexpr bool is_known(RowState state) {
    return state == RowState::read || state == RowState::proven;
}

/// What a sector may be.
struct RowCandidate {
    std::vector<std::byte> bytes;
    std::optional<unsigned> without = {}; ///< the entry of its row that was taken for wrong
};

/// A sector of a row. Entries are the data stripes in logical order, then P, then Q.
struct RowSector {
    std::size_t row = 0;
    unsigned entry = 0;
    std::size_t sector = 0; ///< in its stripe
};

class ParityRows {
public:
    /// Reads all stripes of the unit's rows, each in one run, into the buffer; the buffer outlives it.
    ParityRows(const CopyPlaces& places, const VerifyUnit& unit, VerifyBuffer& buffer);

    std::size_t row_count() const { return rows_.size(); }
    std::size_t sectors_per_stripe() const { return sectors_per_stripe_; }
    unsigned data_count() const { return data_count_; }
    unsigned entry_count() const { return static_cast<unsigned>(chunk_.stripes.size()); }

    /// The sector of the data at a logical address of the unit, and back: its index in the unit, which may lie behind
    /// the unit's end.
    RowSector place_of(u64 bytenr) const;
    std::size_t unit_index(const RowSector& at) const;
    SectorUse use(const RowSector& at) const;

    Physical physical(const RowSector& at) const;
    MutableBytes bytes(const RowSector& at) const;
    /// A whole stripe of a row.
    MutableBytes stripe(std::size_t row, unsigned entry) const;

    RowState state(const RowSector& at) const { return states_[state_place(at)]; }
    void set_state(const RowSector& at, RowState state) { states_[state_place(at)] = state; }

    /// What a sector of data may be by all other sectors of its row: what comes of it when all of them are believed,
    /// and then, where parity allows it, when one of those that are not proven is taken for wrong. What is bad is never
    /// believed. Several may be the same.
    std::vector<RowCandidate> rebuild(const RowSector& at) const;

private:
    std::size_t state_place(const RowSector& at) const {
        return (at.row * entry_count() + at.entry) * sectors_per_stripe_ + at.sector;
    }
    u32 stripe_of(std::size_t row, unsigned entry) const;
    void read_stripe(u32 stripe);

    const CopyPlaces& places_;
    const VerifyUnit& unit_;
    const Chunk& chunk_;
    VerifyBuffer& buffer_;
    unsigned data_count_;
    std::size_t sectors_per_stripe_;
    std::vector<ParityRow> rows_;
    std::vector<RowState> states_;
};

} // namespace btrkit::survey
