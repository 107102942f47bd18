// SPDX-License-Identifier: MIT
#include "tests/scrub/oracle.h"

#include "libfs/survey/verify/fault.h"

#include "libfs/volume/raid56.h"

#include <algorithm>

namespace btrkit::test {

using survey::Mend;
using survey::ScrubCounts;

namespace {

enum class Status { whole, rotten, unreadable, missing };

class Oracle {
public:
    Oracle(const SampleVolume& volume, const std::set<u64>& missing, std::optional<u64> devid)
        : volume_(volume), missing_(missing), devid_(devid) {}

    Expectation ask() {
        for (const Spot& spot : volume_.supers()) {
            expect_super(spot);
        }
        for (const UsedItem& item : volume_.items()) {
            if (parity_of(item) > 0) {
                expect_row_item(item);
            } else if (item.use == Use::plain) {
                expect_plain(item);
            } else {
                expect_copies(item);
            }
        }
        for (const UsedRow& row : volume_.rows()) {
            for (std::size_t entry = row.items.size(); entry < row.spots.size(); ++entry) {
                expect_parity(row, row.spots[entry]);
            }
        }
        return std::move(all_);
    }

private:
    u64 sectorsize() const { return volume_.sectorsize(); }
    unsigned parity_of(const UsedItem& item) const { return volume_.chunks()[item.chunk].profile().parity; }
    bool is_wanted(u64 devid) const { return !devid_ || devid == *devid_; }
    bool is_missing(u64 devid) const { return missing_.contains(devid); }

    Status status(const Spot& spot, u64 length) const {
        if (is_missing(spot.devid)) {
            return Status::missing;
        }
        const Disk& disk = volume_.disk(spot.devid);
        if (!disk.is_readable(spot.offset, length)) {
            return Status::unreadable;
        }
        return disk.is_whole(spot.offset, length) ? Status::whole : Status::rotten;
    }

    void add(const Spot& spot, u64 logical, u64 length, ExpectedFault fault) {
        if (!is_wanted(spot.devid)) {
            return;
        }
        auto& counts = all_.counts[spot.devid];
        const u64 sectors = fault.kind == FaultKind::super ? 1 : length / sectorsize();
        switch (fault.kind) {
        case FaultKind::super: counts.super_errors += sectors; break;
        case FaultKind::data: counts.csum_errors += sectors; break;
        case FaultKind::block: counts.verify_errors += sectors; break;
        case FaultKind::data_unreadable:
        case FaultKind::block_unreadable: counts.read_errors += sectors; break;
        case FaultKind::parity:
            (status(spot, length) == Status::unreadable ? counts.read_errors : counts.parity_errors) += sectors;
            break;
        case FaultKind::data_differs: break;
        }
        counts.*survey::count_of_fate(fault.state) += sectors;
        if (fault.is_vague) {
            all_.maybe_mendable.push_back({spot, length});
            all_.is_vague = true;
        } else if (fault.state == Mend::State::mendable && !is_missing(spot.devid)) {
            all_.mendable.push_back({spot, length});
        }
        const std::string name = is_missing(spot.devid) ? "" : volume_.disk(spot.devid).name;
        const bool has_address = fault.kind != FaultKind::super && fault.kind != FaultKind::parity;
        all_.faults[{name, spot.offset, has_address ? logical : 0}] = std::move(fault);
    }

    void count_item(const UsedItem& item) {
        for (const Spot& spot : item.copies) {
            if (is_missing(spot.devid) || !is_wanted(spot.devid)) {
                continue;
            }
            auto& counts = all_.counts[spot.devid];
            (item.use == Use::block ? counts.tree_bytes_scrubbed : counts.data_bytes_scrubbed) += item.length;
            counts.no_csum += item.use == Use::plain ? 1 : 0;
        }
    }

    /// Bad where it is not like the others; another mirror of its device mends it.
    void expect_super(const Spot& spot) {
        if (is_missing(spot.devid) || status(spot, btrfs::superblock_size) == Status::whole) {
            return;
        }
        add(spot, 0, btrfs::superblock_size, {.kind = FaultKind::super, .state = Mend::State::mendable});
    }

    static FaultKind kind_of(const UsedItem& item, Status status) {
        if (item.use == Use::block) {
            return status == Status::rotten ? FaultKind::block : FaultKind::block_unreadable;
        }
        return status == Status::rotten ? FaultKind::data : FaultKind::data_unreadable;
    }

    void expect_copies(const UsedItem& item) {
        count_item(item);
        std::set<std::string> sources;
        for (std::size_t i = 0; i < item.copies.size(); ++i) {
            if (status(item.copies[i], item.length) == Status::whole) {
                sources.insert("mirror " + std::to_string(i + 1));
            }
        }
        for (const Spot& spot : item.copies) {
            const Status found = status(spot, item.length);
            if (found == Status::rotten || found == Status::unreadable) {
                add(spot, item.logical, item.length,
                    {.kind = kind_of(item, found),
                     .state = sources.empty() ? Mend::State::unmendable : Mend::State::mendable,
                     .sources = sources});
            }
        }
    }

    void expect_plain(const UsedItem& item) {
        count_item(item);
        std::optional<std::vector<std::byte>> first;
        for (const Spot& spot : item.copies) {
            const Status found = status(spot, item.length);
            if (found == Status::missing) {
                continue;
            }
            if (found == Status::unreadable) {
                add(spot, item.logical, item.length,
                    {.kind = FaultKind::data_unreadable, .state = Mend::State::undecidable});
                continue;
            }
            auto bytes = volume_.disk(spot.devid).bytes_at(spot.offset, item.length);
            if (first && bytes != *first) {
                add(spot, item.logical, item.length,
                    {.kind = FaultKind::data_differs, .state = Mend::State::undecidable});
            }
            first = first ? std::move(first) : std::move(bytes);
        }
    }

    std::set<std::size_t> wrong_entries(const UsedRow& row) const {
        std::set<std::size_t> wrong;
        for (std::size_t entry = 0; entry < row.spots.size(); ++entry) {
            if (status(row.spots[entry], sectorsize()) != Status::whole) {
                wrong.insert(entry);
            }
        }
        return wrong;
    }

    /// Where one comes out right, it helps the others.
    bool is_any_lucky(const UsedRow& row) const {
        return std::ranges::any_of(std::span(row.spots).first(row.items.size()), [&](const Spot& spot) {
            return status(spot, sectorsize()) != Status::whole && is_lucky(row, spot);
        });
    }

    /// Errors that cancel each other out: more are wrong than can be told, and yet it comes out right.
    bool is_lucky(const UsedRow& row, const Spot& spot) const {
        std::vector<std::vector<std::byte>> bytes;
        RaidRow all(row.spots.size());
        for (std::size_t entry = 0; entry < row.spots.size(); ++entry) {
            const Spot& there = row.spots[entry];
            const Status found = status(there, sectorsize());
            bytes.push_back(volume_.disk(there.devid).bytes_at(there.offset, sectorsize()));
            if (there != spot && (found == Status::whole || found == Status::rotten)) {
                all[entry] = bytes.back();
            }
        }
        const auto wanted = std::ranges::find(row.spots, spot) - row.spots.begin();
        const auto pristine = volume_.disk(spot.devid).pristine_at(spot.offset, sectorsize());
        std::vector<std::byte> out(sectorsize());
        for (std::size_t without = 0; without < row.spots.size(); ++without) {
            RaidRow trusted = all;
            trusted[without].reset();
            if (rebuild_data(trusted, static_cast<unsigned>(row.items.size()), static_cast<unsigned>(wanted), out) &&
                out == pristine) {
                return true;
            }
        }
        return false;
    }

    enum class Fate { whole, mendable, vague, lost };

    /// A row yields all its sectors as long as no more are wrong than it has parity.
    Fate fate(const UsedItem& item) const {
        const Spot start = item.copies.front();
        if (status(start, item.length) == Status::whole) {
            return Fate::whole;
        }
        u64 ways = 1;
        bool is_chance = false;
        std::set<std::size_t> wrong_anywhere;
        for (u64 done = 0; done < item.length; done += sectorsize()) {
            const Spot spot{start.devid, start.offset + done};
            const UsedRow& row = volume_.row_of(spot);
            const auto wrong = wrong_entries(row);
            if (status(spot, sectorsize()) != Status::whole && wrong.size() > row.parity_count()) {
                if (!is_any_lucky(row)) {
                    return Fate::lost;
                }
                is_chance = true;
            }
            wrong_anywhere.insert(wrong.begin(), wrong.end());
            ways = std::min<u64>(ways * (wrong.empty() ? 1 : row.items.size() + 3), most_ways + 1);
        }
        const bool is_alike = wrong_anywhere.size() <= parity_of(item); // it is known which stripes to do without
        return is_chance || (ways > most_ways && !is_alike) ? Fate::vague : Fate::mendable;
    }

    void expect_row_item(const UsedItem& item) {
        count_item(item);
        const Spot& spot = item.copies.front();
        const Status found = status(spot, item.length);
        if (found == Status::whole) {
            return;
        }
        if (item.use == Use::plain) {
            if (found == Status::unreadable) {
                add(spot, item.logical, item.length,
                    {.kind = FaultKind::data_unreadable, .state = Mend::State::undecidable});
            }
            return;
        }
        const Fate what = fate(item);
        const bool is_expected = found == Status::missing && (what == Fate::mendable || has_too_few(item.chunk));
        if (!is_expected) {
            add(spot, item.logical, item.length,
                {.kind = kind_of(item, found),
                 .state = what == Fate::lost ? Mend::State::unmendable : Mend::State::mendable,
                 .is_vague = what == Fate::vague,
                 .sources = {what == Fate::mendable ? "parity" : ""}});
        }
    }

    bool has_too_few(std::size_t chunk) const {
        const auto& stripes = volume_.chunks()[chunk].stripes;
        const auto gone =
            std::ranges::count_if(stripes, [&](const Stripe& stripe) { return is_missing(stripe.devid); });
        return gone > volume_.chunks()[chunk].profile().parity;
    }

    /// Parity can be told where all data beside it is known.
    void expect_parity(const UsedRow& row, const Spot& spot) {
        if (is_missing(spot.devid) || !is_wanted(spot.devid)) {
            return;
        }
        bool is_vague = false;
        bool is_doubtful = false;
        for (std::size_t entry = 0; entry < row.items.size(); ++entry) {
            const Status found = status(row.spots[entry], sectorsize());
            const UsedItem* item = row.items[entry] ? &volume_.items()[*row.items[entry]] : nullptr;
            if (item == nullptr || item->use == Use::plain) {
                if (found == Status::missing || found == Status::unreadable) {
                    return;
                }
                is_doubtful = is_doubtful || item != nullptr;
                continue;
            }
            const Fate what = fate(*item);
            if (what == Fate::lost) {
                return;
            }
            is_vague = is_vague || what == Fate::vague;
        }
        all_.counts[spot.devid].parity_bytes_scrubbed += sectorsize();
        if (!is_parity(row, spot)) {
            add(spot, 0, sectorsize(),
                {.kind = FaultKind::parity,
                 .state = is_doubtful ? Mend::State::undecidable : Mend::State::mendable,
                 .is_vague = is_vague,
                 .sources = {}});
        }
    }

    /// Whether it fits what data without checksum reads as, and what other data was.
    bool is_parity(const UsedRow& row, const Spot& spot) const {
        if (status(spot, sectorsize()) == Status::unreadable) {
            return false;
        }
        std::vector<std::vector<std::byte>> bytes;
        for (std::size_t entry = 0; entry < row.items.size(); ++entry) {
            const Disk& disk = volume_.disk(row.spots[entry].devid);
            const bool is_proven = row.items[entry] && volume_.items()[*row.items[entry]].use != Use::plain;
            bytes.push_back(is_proven ? disk.pristine_at(row.spots[entry].offset, sectorsize())
                                      : disk.bytes_at(row.spots[entry].offset, sectorsize()));
        }
        const std::vector<Bytes> data(bytes.begin(), bytes.end());
        std::vector<std::byte> p(sectorsize());
        std::vector<std::byte> q(sectorsize());
        compute_parity(data, p, q);
        const bool is_p = spot == row.spots[row.items.size()];
        return volume_.disk(spot.devid).bytes_at(spot.offset, sectorsize()) == (is_p ? p : q);
    }

    /// Ways to put a block together that are tried (row_items.cpp).
    static constexpr u64 most_ways = 1024;

    const SampleVolume& volume_;
    const std::set<u64>& missing_;
    std::optional<u64> devid_;
    Expectation all_;
};

} // namespace

Expectation expect(const SampleVolume& volume, const std::set<u64>& missing, std::optional<u64> devid) {
    return Oracle(volume, missing, devid).ask();
}

std::set<u64> lost_devices(const SampleVolume& volume, const std::set<u64>& missing) {
    std::set<u64> lost = missing;
    for (u64 devid = 1; devid <= volume.kind().device_count; ++devid) {
        const bool has_any = std::ranges::any_of(volume.supers(), [&](const Spot& spot) {
            return spot.devid == devid && volume.disk(devid).is_whole(spot.offset, btrfs::superblock_size);
        });
        if (!has_any) {
            lost.insert(devid);
        }
    }
    return lost;
}

} // namespace btrkit::test
