// SPDX-License-Identifier: MIT
// Faults on their way to findings: joined across units, counted, and held back while they are in doubt.
#pragma once

#include "libfs/ops/scrub/scrub.h"
#include "libfs/survey/verify/fault.h"

#include <set>

namespace btrkit::scrub {

/// A unit that is to be looked at again when more is known.
struct UnitPlace {
    u64 chunk = 0; ///< logical start
    u64 start = 0; ///< logical, of the unit
    friend auto operator<=>(const UnitPlace&, const UnitPlace&) = default;
};

class FaultBook {
public:
    FaultBook(const Filesystem& filesystem, survey::Findings& findings, survey::DeviceCounts& counts)
        : filesystem_(filesystem), findings_(findings), counts_(counts) {}

    /// What one unit has found, unit after unit.
    void accept(const survey::VerifyUnit& unit, survey::UnitResult& result);
    /// After the last unit: tells of what might have gone on.
    void close();

    /// What is in doubt because of data without checksum: as long as there is not too much of it it is not told, but
    /// kept here.
    const std::set<UnitPlace>& doubtful_units() const { return doubtful_units_; }
    RangeSet doubtful_data() const;
    /// The units are looked at again: of what they tell now, accept() accepts what was held back. It may be nothing.
    void begin_second_look();
    /// The same, but accept() accepts what is told of parity.
    void begin_look_at_parity();
    /// Nobody will look again: tells of all that was held back.
    void tell_doubts();

private:
    static constexpr std::size_t most_held_back = 100'000;

    enum class Look : u8 { first, at_doubts, at_parity };

    bool is_in_doubt(const survey::Fault& fault) const { return !fault.doubtful.empty() && look_ == Look::first; }
    bool is_wanted(const survey::Fault& fault) const;
    void hold_back(const survey::VerifyUnit& unit, const survey::Fault& fault);
    void tell(const Chunk& chunk, const survey::Fault& fault);

    struct Open {
        const Chunk* chunk;
        survey::Fault fault;
    };

    const Filesystem& filesystem_;
    survey::Findings& findings_;
    survey::DeviceCounts& counts_;
    std::vector<Open> open_; ///< reach to the end of the unit before
    std::vector<Open> held_back_;
    std::set<UnitPlace> doubtful_units_;
    std::map<u64, RangeSet> doubtful_places_; ///< of held_back_, by devid
    Look look_ = Look::first;
};

} // namespace btrkit::scrub
