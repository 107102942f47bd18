// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/verify_rows.h"

#include "libfs/survey/verify/row_items.h"
#include "libfs/survey/verify/verify_copies.h"
#include "libfs/volume/raid56.h"

namespace btrkit::survey {

namespace {

class RowVerifier {
public:
    RowVerifier(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer)
        : mode_(mode), unit_(unit), rows_(mode.places, unit, buffer) {}

    UnitResult verify() {
        for (auto& item : prove_row_items(mode_, unit_, rows_)) {
            judge_item(item);
        }
        report_unreadable_plain();
        for (std::size_t row = 0; row < rows_.row_count(); ++row) {
            count_row(row);
            verify_parity(row);
        }
        return std::move(result_);
    }

private:
    void judge_item(RowItem& item) {
        const Physical place = rows_.physical(item.sectors.front());
        // What a missing device has lost is no fault as long as it can be rebuilt; and where too many are missing, all
        // that they had is lost.
        const bool is_expected = item.found == RowState::absent && (item.is_rebuilt || has_too_few_devices());
        if (is_expected || !mode_.wants_device(place.devid)) {
            return;
        }
        const u64 length = item.sectors.size() * unit_.sectorsize;
        Fault fault{.kind = kind_of(item),
                    .range = {item.bytenr, item.bytenr + length},
                    .mirror = 1,
                    .tree = {},
                    .place = place,
                    .computed = item.computed,
                    .problems = std::move(item.problems)};
        if (item.promise != nullptr) {
            fault.tree = item.promise->tree;
        } else {
            const Bytes stored = unit_.stored_checksum(unit_.index_of(item.bytenr));
            std::memcpy(fault.stored.data(), stored.data(), stored.size());
        }
        if (item.is_rebuilt) {
            fault.mend = Mend::State::mendable;
            for (const std::size_t i : item.changed) {
                write(fault, item.sectors[i]);
            }
        }
        add_fault(result_.faults, std::move(fault));
    }

    /// What parity makes of data without checksum is not proven by anything.
    void report_unreadable_plain() {
        for (std::size_t index = 0; index < unit_.sectors.size(); ++index) {
            const u64 bytenr = unit_.bytenr_of(index);
            const RowSector at = rows_.place_of(bytenr);
            const Physical place = rows_.physical(at);
            if (unit_.sectors[index] == SectorUse::plain && rows_.state(at) == RowState::unreadable &&
                mode_.wants_device(place.devid)) {
                const Range range{bytenr, bytenr + unit_.sectorsize};
                add_fault(result_.faults, {.kind = Fault::Kind::data_unreadable,
                                           .range = range,
                                           .mirror = 1,
                                           .tree = {},
                                           .place = place,
                                           .mend = Mend::State::undecidable,
                                           .doubtful = {range}});
            }
        }
    }

    bool has_too_few_devices() const {
        const auto absent = std::ranges::count_if(
            unit_.chunk->stripes, [&](const Stripe& stripe) { return !mode_.places.has_device(stripe.devid); });
        return static_cast<u64>(absent) > rows_.entry_count() - rows_.data_count();
    }

    static Fault::Kind kind_of(const RowItem& item) {
        const bool is_read = item.found == RowState::bad;
        if (item.promise != nullptr) {
            return is_read ? Fault::Kind::block : Fault::Kind::block_unreadable;
        }
        return is_read ? Fault::Kind::data_checksum : Fault::Kind::data_unreadable;
    }

    /// Writes a sector as it is in memory. A device that is missing takes nothing.
    void write(Fault& fault, const RowSector& at) {
        const Physical place = rows_.physical(at);
        if (mode_.mender == nullptr || !mode_.places.has_device(place.devid) || fault.mend == Mend::State::failed) {
            return;
        }
        const auto written = mode_.mender->write(place, rows_.bytes(at));
        fault.mend = written ? Mend::State::mended : Mend::State::failed;
        fault.error = written ? "" : written.error().message;
    }

    /// What is beside a sector of parity.
    struct Beside {
        u64 first_used = 0;               ///< logical
        bool is_used = false;             ///< anything
        bool is_known = true;             ///< all of it
        std::vector<Range> doubtful = {}; ///< without proof
    };
    Beside beside(std::size_t row, std::size_t sector) const {
        Beside all;
        for (unsigned entry = 0; entry < rows_.data_count(); ++entry) {
            const RowSector at{row, entry, sector};
            const SectorUse use = rows_.use(at);
            const u64 bytenr = unit_.bytenr_of(rows_.unit_index(at));
            if (is_used(use) && !all.is_used) {
                all.is_used = true;
                all.first_used = bytenr;
            }
            if (use == SectorUse::plain || use == SectorUse::lost) {
                all.doubtful.push_back({bytenr, bytenr + unit_.sectorsize});
            }
            all.is_known = all.is_known && is_known(rows_.state(at));
        }
        return all;
    }

    void verify_parity(std::size_t row) {
        std::vector<Beside> all;
        all.reserve(rows_.sectors_per_stripe());
        for (std::size_t sector = 0; sector < rows_.sectors_per_stripe(); ++sector) {
            all.push_back(beside(row, sector));
        }
        std::vector<Bytes> data;
        data.reserve(rows_.data_count());
        for (unsigned entry = 0; entry < rows_.data_count(); ++entry) {
            data.emplace_back(rows_.stripe(row, entry));
        }
        const bool has_q = rows_.entry_count() > rows_.data_count() + 1;
        std::vector<std::byte> p(btrfs::raid_stripe_length);
        std::vector<std::byte> q(has_q ? btrfs::raid_stripe_length : 0);
        compute_parity(data, p, q);
        verify_parity(row, rows_.data_count(), p, all);
        if (has_q) {
            verify_parity(row, rows_.data_count() + 1, q, all);
        }
    }

    void verify_parity(std::size_t row, unsigned entry, Bytes expected, std::span<const Beside> all) {
        const Physical place = rows_.physical({row, entry, 0});
        if (!mode_.places.has_device(place.devid) || !mode_.wants_device(place.devid)) {
            return;
        }
        for (std::size_t sector = 0; sector < all.size(); ++sector) {
            if (all[sector].is_used && all[sector].is_known) {
                const u64 offset = sector * unit_.sectorsize;
                verify_sector({row, entry, sector}, expected.subspan(offset, unit_.sectorsize), all[sector]);
            }
        }
    }

    void verify_sector(const RowSector& at, Bytes expected, const Beside& all) {
        const Physical place = rows_.physical(at);
        auto& counts = result_.counts[place.devid];
        counts.parity_bytes_scrubbed += unit_.sectorsize;
        counts.last_physical = std::max(counts.last_physical, place.offset + unit_.sectorsize);
        const bool is_read = rows_.state(at) == RowState::read;
        if (is_read && std::ranges::equal(rows_.bytes(at), expected)) {
            return;
        }
        Fault fault{.kind = is_read ? Fault::Kind::parity : Fault::Kind::parity_unreadable,
                    .range = {all.first_used, all.first_used + unit_.sectorsize},
                    .tree = {},
                    .place = place,
                    .mend = all.doubtful.empty() ? Mend::State::mendable : Mend::State::undecidable,
                    .doubtful = all.doubtful};
        if (fault.mend == Mend::State::mendable) {
            std::ranges::copy(expected, rows_.bytes(at).begin());
            write(fault, at);
        }
        add_fault(result_.faults, std::move(fault));
    }

    void count_row(std::size_t row) {
        for (unsigned entry = 0; entry < rows_.data_count(); ++entry) {
            const std::size_t stripe = row * rows_.data_count() + entry;
            const Physical place = rows_.physical({row, entry, 0});
            if (stripe < unit_.extents.size() && mode_.places.has_device(place.devid) &&
                mode_.wants_device(place.devid)) {
                count_stripe(unit_, stripe, place.offset, result_.counts[place.devid]);
            }
        }
    }

    const VerifyMode& mode_;
    const VerifyUnit& unit_;
    ParityRows rows_;
    UnitResult result_;
};

} // namespace

UnitResult verify_rows(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer) {
    return RowVerifier(mode, unit, buffer).verify();
}

UnitResult verify_unit(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer) {
    VerifyMode unit_mode = mode;
    if (unit.is_contradictory) {
        unit_mode.mender = nullptr;
    }
    const bool has_parity = unit.chunk->profile().parity > 0;
    return has_parity && !mode.only_data_with_sums ? verify_rows(unit_mode, unit, buffer)
                                                   : verify_copies(unit_mode, unit, buffer);
}

} // namespace btrkit::survey
