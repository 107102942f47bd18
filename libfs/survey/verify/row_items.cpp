// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/row_items.h"

#include "libfs/base/checksum.h"

namespace btrkit::survey {

namespace {

/// Ways to put a block together that are tried. There are several only of sectors beside which something is wrong.
constexpr unsigned most_combinations = 1024;

using Candidates = std::vector<std::vector<std::byte>>;

class RowProver {
public:
    RowProver(const VerifyMode& mode, const VerifyUnit& unit, ParityRows& rows)
        : mode_(mode), unit_(unit), rows_(rows) {}

    std::vector<RowItem> prove() {
        for (std::size_t index = 0; index < unit_.sectors.size(); ++index) {
            if (unit_.sectors[index] == SectorUse::summed) {
                prove_sector(index);
            }
        }
        if (!mode_.only_data_with_sums) {
            for (const Promise& promise : unit_.blocks) {
                prove_block(promise);
            }
        }
        std::ranges::sort(items_, {}, &RowItem::bytenr);
        // What one proves may be what another lacks.
        while (rebuild_some()) {
        }
        return std::move(items_);
    }

private:
    btrfs::CsumBytes checksum_of(Bytes bytes) const { return checksum(mode_.geometry.csum_type, bytes); }
    bool is_stored(const btrfs::CsumBytes& computed, std::size_t index) const {
        const Bytes stored = unit_.stored_checksum(index);
        return std::memcmp(computed.data(), stored.data(), stored.size()) == 0;
    }

    void prove_sector(std::size_t index) {
        const u64 bytenr = unit_.bytenr_of(index);
        const RowSector at = rows_.place_of(bytenr);
        RowItem item{.bytenr = bytenr, .sectors = {at}, .found = rows_.state(at)};
        if (is_known(item.found)) {
            item.computed = checksum_of(rows_.bytes(at));
            if (is_stored(item.computed, index)) {
                rows_.set_state(at, RowState::proven);
                return;
            }
            item.found = RowState::bad;
            rows_.set_state(at, RowState::bad);
        }
        items_.push_back(std::move(item));
    }

    void prove_block(const Promise& promise) {
        RowItem item{.bytenr = promise.address.bytenr, .promise = &promise, .found = RowState::proven};
        std::vector<std::byte> bytes;
        for (u64 at = item.bytenr; at < item.bytenr + mode_.geometry.nodesize; at += unit_.sectorsize) {
            const RowSector sector = rows_.place_of(at);
            item.sectors.push_back(sector);
            const Bytes read = rows_.bytes(sector);
            bytes.insert(bytes.end(), read.begin(), read.end());
            item.found = is_known(rows_.state(sector)) ? item.found : std::min(item.found, rows_.state(sector));
        }
        if (item.found == RowState::proven && !TreeBlock::prove(bytes, mode_.geometry, promise, item.problems)) {
            item.found = RowState::bad;
        }
        for (const RowSector& sector : item.sectors) {
            if (is_known(rows_.state(sector))) {
                rows_.set_state(sector, item.found == RowState::proven ? RowState::proven : RowState::suspect);
            }
        }
        if (item.found != RowState::proven) {
            items_.push_back(std::move(item));
        }
    }

    bool rebuild_some() {
        bool any = false;
        for (auto& item : items_) {
            if (!item.is_rebuilt) {
                item.is_rebuilt = item.promise == nullptr ? rebuild_sector(item) : rebuild_block(item);
                any = any || item.is_rebuilt;
            }
        }
        return any;
    }

    bool rebuild_sector(RowItem& item) {
        const RowSector& at = item.sectors.front();
        for (const auto& candidate : rows_.rebuild(at)) {
            if (is_stored(checksum_of(candidate.bytes), rows_.unit_index(at))) {
                accept(item, {candidate.bytes});
                return true;
            }
        }
        return false;
    }

    /// One checksum for several sectors, each of which may stand rightly on its device or be rebuilt in several ways.
    bool rebuild_block(RowItem& item) {
        std::vector<std::vector<RowCandidate>> rebuilt;
        std::vector<Candidates> different;
        for (const RowSector& at : item.sectors) {
            rebuilt.push_back(rows_.rebuild(at));
            different.emplace_back();
            for (const auto& candidate : rebuilt.back()) {
                add_different(different.back(), candidate.bytes);
            }
            const RowState state = rows_.state(at);
            if (state != RowState::absent && state != RowState::unreadable) {
                const Bytes stored = rows_.bytes(at);
                add_different(different.back(), {stored.begin(), stored.end()});
            }
        }
        return rebuild_alike(item, rebuilt) || rebuild_mixed(item, different);
    }

    static void add_different(Candidates& candidates, std::vector<std::byte> bytes) {
        if (std::ranges::find(candidates, bytes) == candidates.end()) {
            candidates.push_back(std::move(bytes));
        }
    }

    /// Where a device as a whole is bad, it is the same entry of the row that is wrong beside all sectors.
    bool rebuild_alike(RowItem& item, const std::vector<std::vector<RowCandidate>>& rebuilt) {
        for (unsigned without = 0; without < rows_.entry_count(); ++without) {
            Candidates chosen;
            for (const auto& candidates : rebuilt) {
                const auto found = std::ranges::find(candidates, std::optional(without), &RowCandidate::without);
                if (found != candidates.end()) {
                    chosen.push_back(found->bytes);
                } else if (!candidates.empty()) {
                    chosen.push_back(candidates.front().bytes);
                }
            }
            if (chosen.size() == rebuilt.size() && accept_if_proven(item, chosen)) {
                return true;
            }
        }
        return false;
    }

    bool rebuild_mixed(RowItem& item, const std::vector<Candidates>& candidates) {
        u64 combinations = 1;
        for (const auto& each : candidates) {
            combinations = std::min<u64>(combinations * each.size(), most_combinations);
        }
        for (u64 number = 0; number < combinations; ++number) {
            Candidates chosen;
            u64 rest = number;
            for (const auto& each : candidates) {
                chosen.push_back(each[rest % each.size()]);
                rest /= each.size();
            }
            if (accept_if_proven(item, chosen)) {
                return true;
            }
        }
        return false;
    }

    bool accept_if_proven(RowItem& item, const Candidates& chosen) {
        std::vector<std::byte> bytes;
        for (const auto& sector : chosen) {
            bytes.insert(bytes.end(), sector.begin(), sector.end());
        }
        Problems ignored;
        if (!TreeBlock::prove(bytes, mode_.geometry, *item.promise, ignored)) {
            return false;
        }
        accept(item, chosen);
        return true;
    }

    void accept(RowItem& item, const Candidates& bytes) {
        for (std::size_t i = 0; i < item.sectors.size(); ++i) {
            const MutableBytes there = rows_.bytes(item.sectors[i]);
            const RowState state = rows_.state(item.sectors[i]);
            const bool is_same =
                state != RowState::absent && state != RowState::unreadable && std::ranges::equal(there, bytes[i]);
            if (!is_same) {
                std::ranges::copy(bytes[i], there.begin());
                item.changed.push_back(i);
            }
            rows_.set_state(item.sectors[i], RowState::proven);
        }
    }

    const VerifyMode& mode_;
    const VerifyUnit& unit_;
    ParityRows& rows_;
    std::vector<RowItem> items_;
};

} // namespace

std::vector<RowItem> prove_row_items(const VerifyMode& mode, const VerifyUnit& unit, ParityRows& rows) {
    return RowProver(mode, unit, rows).prove();
}

} // namespace btrkit::survey
