// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/parity_rows.h"

#include "libfs/volume/raid56.h"

namespace btrkit::survey {

namespace {

constexpr u64 stripe_bytes = btrfs::raid_stripe_length;

} // namespace

ParityRows::ParityRows(const CopyPlaces& places, const VerifyUnit& unit, VerifyBuffer& buffer)
    : places_(places), unit_(unit), chunk_(*unit.chunk), buffer_(buffer), data_count_(chunk_.data_stripes()),
      sectors_per_stripe_(stripe_bytes / unit.sectorsize) {
    for (u64 at = unit.range.start; at < unit.range.end; at += stripe_bytes * data_count_) {
        rows_.push_back(parity_row(chunk_, {at}));
    }
    states_.assign(rows_.size() * entry_count() * sectors_per_stripe_, RowState::absent);
    buffer_.resize(std::max<std::size_t>(buffer_.size(), rows_.size() * stripe_bytes * entry_count()));
    for (u32 stripe = 0; stripe < entry_count(); ++stripe) {
        if (places_.has_device(chunk_.stripes[stripe].devid)) {
            read_stripe(stripe);
        }
    }
}

u32 ParityRows::stripe_of(std::size_t row, unsigned entry) const {
    const ParityRow& parts = rows_[row];
    if (entry < data_count_) {
        return parts.data[entry];
    }
    return entry == data_count_ ? parts.p : *parts.q;
}

RowSector ParityRows::place_of(u64 bytenr) const {
    const u64 into = bytenr - unit_.range.start;
    const u64 number = into / stripe_bytes;
    return {.row = number / data_count_,
            .entry = static_cast<unsigned>(number % data_count_),
            .sector = into % stripe_bytes / unit_.sectorsize};
}

std::size_t ParityRows::unit_index(const RowSector& at) const {
    return (at.row * data_count_ + at.entry) * sectors_per_stripe_ + at.sector;
}

SectorUse ParityRows::use(const RowSector& at) const {
    const std::size_t index = unit_index(at);
    return index < unit_.sectors.size() ? unit_.sectors[index] : SectorUse::free;
}

Physical ParityRows::physical(const RowSector& at) const {
    const Stripe& stripe = chunk_.stripes[stripe_of(at.row, at.entry)];
    return {stripe.devid, stripe.offset + rows_[at.row].offset_in_stripe + at.sector * unit_.sectorsize};
}

/// Each stripe of the chunk has its part of all rows in one run.
MutableBytes ParityRows::stripe(std::size_t row, unsigned entry) const {
    const std::size_t run = stripe_of(row, entry) * rows_.size();
    return MutableBytes(buffer_).subspan((run + row) * stripe_bytes, stripe_bytes);
}

MutableBytes ParityRows::bytes(const RowSector& at) const {
    return stripe(at.row, at.entry).subspan(at.sector * unit_.sectorsize, unit_.sectorsize);
}

void ParityRows::read_stripe(u32 stripe) {
    const Stripe& place = chunk_.stripes[stripe];
    const u64 start = place.offset + rows_.front().offset_in_stripe;
    const auto run = MutableBytes(buffer_).subspan(stripe * rows_.size() * stripe_bytes, rows_.size() * stripe_bytes);
    const bool is_whole = places_.volume().read_physical({place.devid, start}, run).has_value();
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        for (unsigned entry = 0; entry < entry_count(); ++entry) {
            if (stripe_of(row, entry) != stripe) {
                continue;
            }
            for (std::size_t sector = 0; sector < sectors_per_stripe_; ++sector) {
                const RowSector at{row, entry, sector};
                const bool is_read = is_whole || places_.volume().read_physical(physical(at), bytes(at));
                set_state(at, is_read ? RowState::read : RowState::unreadable);
            }
        }
    }
}

std::vector<RowCandidate> ParityRows::rebuild(const RowSector& at) const {
    const unsigned parity_count = entry_count() - data_count_;
    RaidRow row(entry_count());
    unsigned lost = 1;
    for (unsigned entry = 0; entry < entry_count(); ++entry) {
        const RowSector other{at.row, entry, at.sector};
        if (entry == at.entry) {
            continue;
        }
        if (is_known(state(other)) || state(other) == RowState::suspect) {
            row[entry] = bytes(other);
        } else {
            ++lost;
        }
    }
    std::vector<RowCandidate> found;
    const auto add = [&](const RaidRow& trusted, std::optional<unsigned> without) {
        RowCandidate candidate{.bytes = std::vector<std::byte>(unit_.sectorsize), .without = without};
        if (rebuild_data(trusted, data_count_, at.entry, candidate.bytes)) {
            found.push_back(std::move(candidate));
        }
    };
    if (lost > parity_count) {
        return found;
    }
    add(row, {});
    if (lost == parity_count) {
        return found;
    }
    // One more may be wrong without anyone knowing. (That it is Q makes no difference: it was not used.)
    for (unsigned entry = 0; entry <= data_count_; ++entry) {
        if (row[entry] && state({at.row, entry, at.sector}) != RowState::proven) {
            RaidRow trusted = row;
            trusted[entry].reset();
            add(trusted, entry);
        }
    }
    return found;
}

} // namespace btrkit::survey
