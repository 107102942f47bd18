// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/fault_book.h"

#include "libfs/survey/verify/fault_problem.h"

namespace btrkit::scrub {

using namespace survey;

namespace {

Range place_range(const Fault& fault) {
    return {fault.place.offset, fault.place.offset + fault.range.length()};
}

} // namespace

void FaultBook::accept(const VerifyUnit& unit, UnitResult& result) {
    if (look_ == Look::first) {
        for (const auto& [devid, counts] : result.counts) {
            counts_[devid] += counts;
        }
    }
    if (unit.is_contradictory && look_ == Look::first) {
        findings_.report(ProblemCode::item_extent_overlap,
                         {.logical = Logical{unit.range.start}, .length = unit.range.length()},
                         "tree blocks and other extents claim the same bytes; nothing is mended there");
    }
    std::vector<Open> still_open;
    for (auto& fault : result.faults) {
        if (!is_wanted(fault)) {
            continue;
        }
        if (is_in_doubt(fault) && held_back_.size() < most_held_back) {
            hold_back(unit, fault);
            continue;
        }
        const auto before = std::ranges::find_if(open_, [&](const Open& open) { return fault.continues(open.fault); });
        if (before != open_.end()) {
            before->fault.range.end = fault.range.end;
            fault = std::move(before->fault);
            open_.erase(before);
        }
        if (fault.range.end == unit.range.end) {
            still_open.push_back({unit.chunk, std::move(fault)});
        } else {
            tell(*unit.chunk, fault);
        }
    }
    close();
    open_ = std::move(still_open);
}

void FaultBook::close() {
    for (const auto& open : open_) {
        tell(*open.chunk, open.fault);
    }
    open_.clear();
}

RangeSet FaultBook::doubtful_data() const {
    std::vector<Range> ranges;
    for (const auto& held : held_back_) {
        ranges.insert(ranges.end(), held.fault.doubtful.begin(), held.fault.doubtful.end());
    }
    return set_of(std::move(ranges));
}

void FaultBook::begin_second_look() {
    close();
    std::map<u64, std::vector<Range>> places;
    for (const auto& held : held_back_) {
        places[held.fault.place.devid].push_back(place_range(held.fault));
    }
    for (auto& [devid, ranges] : places) {
        doubtful_places_[devid] = set_of(std::move(ranges));
    }
    held_back_.clear();
    look_ = Look::at_doubts;
}

void FaultBook::begin_look_at_parity() {
    close();
    look_ = Look::at_parity;
}

void FaultBook::tell_doubts() {
    close();
    for (const auto& held : held_back_) {
        tell(*held.chunk, held.fault);
    }
    held_back_.clear();
}

bool FaultBook::is_wanted(const Fault& fault) const {
    if (look_ == Look::first) {
        return true;
    }
    if (look_ == Look::at_parity) {
        return fault.kind == Fault::Kind::parity || fault.kind == Fault::Kind::parity_unreadable;
    }
    const auto found = doubtful_places_.find(fault.place.devid);
    return found != doubtful_places_.end() && found->second.intersects(place_range(fault));
}

void FaultBook::hold_back(const VerifyUnit& unit, const Fault& fault) {
    doubtful_units_.insert({unit.chunk->start.bytenr, unit.range.start});
    held_back_.push_back({unit.chunk, fault});
}

void FaultBook::tell(const Chunk& chunk, const Fault& fault) {
    auto& counts = counts_[fault.place.devid];
    const u64 sectors = fault.range.length() / filesystem_.geometry().sectorsize;
    if (const auto kind = count_of_kind(fault.kind)) {
        counts.*kind += sectors;
    }
    counts.*count_of_fate(fault.mend) += sectors;
    for (auto& problem : problems_of(fault, filesystem_)) {
        findings_.add(std::move(problem), Mend{.state = fault.mend, .from = source_of(fault, chunk)});
    }
}

} // namespace btrkit::scrub
