// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/verify_copies.h"

#include "libfs/base/checksum.h"
#include "libfs/survey/verify/copy_reader.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::survey {

namespace {

/// Sees to what the reader of the copies has found out.
class Judge {
public:
    Judge(const VerifyMode& mode, const VerifyUnit& unit, const CopyStates& states)
        : mode_(mode), unit_(unit), states_(states), scratch_(mode.geometry.nodesize) {}

    UnitResult judge() {
        for (unsigned mirror = 1; mirror <= states_.copies(); ++mirror) {
            judge_copy(mirror);
            count_copy(mirror);
        }
        return std::move(result_);
    }

private:
    u64 sectorsize() const { return unit_.sectorsize; }

    void judge_copy(unsigned mirror) {
        auto block = unit_.blocks.begin();
        for (std::size_t index = 0; index < unit_.sectors.size(); ++index) {
            const SectorUse use = unit_.sectors[index];
            if (use == SectorUse::summed) {
                judge_summed(index, mirror);
            } else if (use == SectorUse::plain) {
                judge_plain(index, mirror);
            }
            for (; block != unit_.blocks.end() && unit_.index_of(block->address.bytenr) == index; ++block) {
                judge_block(*block, mirror);
            }
        }
    }

    void judge_summed(std::size_t index, unsigned mirror) {
        const CopyState state = states_.at(index, mirror);
        if (state != CopyState::bad && state != CopyState::unreadable) {
            return;
        }
        const bool is_readable = state == CopyState::bad;
        auto fault = make_fault(is_readable ? Fault::Kind::data_checksum : Fault::Kind::data_unreadable,
                                unit_.bytenr_of(index), sectorsize(), mirror);
        const Bytes stored = unit_.stored_checksum(index);
        std::memcpy(fault.stored.data(), stored.data(), stored.size());
        fault.computed = states_.computed(index, mirror);
        const MutableBytes bytes = MutableBytes(scratch_).first(sectorsize());
        mend(fault, bytes, [&] { return checksum_matches(mode_.geometry.csum_type, bytes, fault.stored); });
        add_fault(result_.faults, std::move(fault));
    }

    /// Nothing proves data without checksum; where its copies differ nobody knows which is right.
    void judge_plain(std::size_t index, unsigned mirror) {
        const CopyState state = states_.at(index, mirror);
        const unsigned first = states_.first_read(index);
        const bool differs = state == CopyState::read && first != mirror &&
                             states_.fingerprint(index, first) != states_.fingerprint(index, mirror);
        if (state != CopyState::unreadable && !differs) {
            return;
        }
        auto fault = make_fault(differs ? Fault::Kind::data_differs : Fault::Kind::data_unreadable,
                                unit_.bytenr_of(index), sectorsize(), mirror);
        fault.mend = Mend::State::undecidable;
        fault.doubtful.push_back(fault.range);
        add_fault(result_.faults, std::move(fault));
    }

    void judge_block(const Promise& promise, unsigned mirror) {
        const std::size_t index = unit_.index_of(promise.address.bytenr);
        const CopyState state = states_.at(index, mirror);
        if (state == CopyState::good) {
            return judge_good_block(promise, index, mirror);
        }
        if (state != CopyState::bad && state != CopyState::unreadable) {
            return;
        }
        const bool is_readable = state == CopyState::bad;
        auto fault = make_fault(is_readable ? Fault::Kind::block : Fault::Kind::block_unreadable,
                                promise.address.bytenr, mode_.geometry.nodesize, mirror);
        fault.problems = states_.problems(index, mirror);
        fault.tree = promise.tree;
        const MutableBytes bytes(scratch_);
        Problems ignored;
        mend(fault, bytes, [&] { return TreeBlock::prove(bytes, mode_.geometry, promise, ignored).has_value(); });
        add_fault(result_.faults, std::move(fault));
    }

    /// Two that keep all promises and differ: only the tree above them could tell which is the right one.
    void judge_good_block(const Promise& promise, std::size_t index, unsigned mirror) {
        const unsigned first = states_.first_good(index);
        if (first == mirror || states_.fingerprint(index, first) == states_.fingerprint(index, mirror)) {
            return;
        }
        auto fault = make_fault(Fault::Kind::block_differs, promise.address.bytenr, mode_.geometry.nodesize, mirror);
        fault.mend = Mend::State::undecidable;
        fault.tree = promise.tree;
        add_fault(result_.faults, std::move(fault));
    }

    Fault make_fault(Fault::Kind kind, u64 bytenr, u64 length, unsigned mirror) const {
        Fault fault{.kind = kind, .range = {bytenr, bytenr + length}, .mirror = mirror, .tree = {}, .place = {}};
        if (const auto run = mode_.places.find(*unit_.chunk, {bytenr}, length, mirror)) {
            fault.place = run->place;
        }
        return fault;
    }

    /// Looks for a mirror whose bytes are proven, reads them into bytes, and writes them over the bad ones.
    template <class Proves>
    void mend(Fault& fault, MutableBytes bytes, Proves proves) {
        for (unsigned mirror = 1; mirror <= mirror_count(*unit_.chunk) && fault.source_mirror == 0; ++mirror) {
            if (mirror != fault.mirror && mode_.places.read(*unit_.chunk, {fault.range.start}, bytes, mirror) &&
                proves()) {
                fault.source_mirror = mirror;
            }
        }
        if (fault.source_mirror == 0) {
            return;
        }
        fault.mend = Mend::State::mendable;
        if (mode_.mender == nullptr) {
            return;
        }
        const auto written = write(fault, bytes);
        fault.mend = written ? Mend::State::mended : Mend::State::failed;
        fault.error = written ? "" : written.error().message;
    }

    Result<void> write(const Fault& fault, Bytes bytes) const {
        for (u64 done = 0; done < bytes.size();) {
            BTRKIT_TRY_ASSIGN(const auto run, mode_.places.find(*unit_.chunk, {fault.range.start + done},
                                                                bytes.size() - done, fault.mirror));
            BTRKIT_TRY(mode_.mender->write(run.place, bytes.subspan(done, run.length)));
            done += run.length;
        }
        return {};
    }

    /// What was read of one copy, device by device.
    void count_copy(unsigned mirror) {
        for (std::size_t stripe = 0; stripe < unit_.extents.size(); ++stripe) {
            const u64 start = unit_.range.start + stripe * btrfs::raid_stripe_length;
            const auto run = mode_.places.find(*unit_.chunk, {start}, sectorsize(), mirror);
            if (run && mode_.wants_device(run->place.devid) && mode_.places.has_device(run->place.devid)) {
                count_stripe(unit_, stripe, run->place.offset, result_.counts[run->place.devid]);
            }
        }
    }

    const VerifyMode& mode_;
    const VerifyUnit& unit_;
    const CopyStates& states_;
    std::vector<std::byte> scratch_;
    UnitResult result_;
};

} // namespace

UnitResult verify_copies(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer) {
    const CopyStates states = read_copies(mode, unit, buffer);
    return Judge(mode, unit, states).judge();
}

} // namespace btrkit::survey
