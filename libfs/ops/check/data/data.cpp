// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/survey/find_tree.h"
#include "libfs/survey/verify/fault_problem.h"
#include "libfs/survey/verify/unit_maker.h"
#include "libfs/survey/verify/verify_all.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::check {

using namespace survey;

namespace {

/// What the scan of the extent tree has told of data.
class KnownData final : public ExtentSource {
public:
    explicit KnownData(const Context& context) : data_(context.space.data) {
        if (!context.unknown_extents.empty()) {
            current_ = {.range = {0, ~u64{0}}, .kind = UsedExtent::Kind::lost, .promise = {}};
        }
    }

    const UsedExtent* find(u64 at) override {
        if (current_.kind == UsedExtent::Kind::lost) {
            return &current_; // whatever has a checksum may be used
        }
        const auto found = data_.touching({at, ~u64{0}});
        if (found.empty()) {
            return nullptr;
        }
        current_.range = found.front();
        return &current_;
    }

private:
    const RangeSet& data_;
    UsedExtent current_;
};

bool holds_data(const Chunk& chunk) {
    return (chunk.type & btrfs::block_group_data) != 0;
}

/// Bytes of data with checksums, in all copies, roughly.
u64 bytes_to_read(const Context& context) {
    const RangeSet covered = difference(context.space.data, context.space.data_without_csum);
    u64 total = 0;
    for (const auto& chunk : context.filesystem.volume().chunks().chunks()) {
        const Range all{chunk.start.bytenr, chunk.start.bytenr + chunk.length};
        for (const Range range : covered.touching(all)) {
            total += (std::min(range.end, all.end) - std::max(range.start, all.start)) * stored_copies(chunk);
        }
    }
    return total;
}

u64 bytes_of(const VerifyUnit& unit) {
    const auto sectors = static_cast<u64>(std::ranges::count(unit.sectors, SectorUse::summed));
    return sectors * unit.sectorsize * stored_copies(*unit.chunk);
}

u64 verify_by_checksums(Context& context, const Promise& csum_root) {
    const auto& filesystem = context.filesystem;
    KnownData extents(context);
    std::vector<std::unique_ptr<ChecksumSource>> checksums;
    checksums.push_back(std::make_unique<ChecksumSource>(filesystem, csum_root));
    UnitMaker maker(context.geometry(), chunks_in_device_order(filesystem.volume(), holds_data), extents, checksums);
    const CopyPlaces places(filesystem);
    const VerifyMode mode{.places = places, .geometry = context.geometry(), .only_data_with_sums = true};
    u64 bytes = 0;
    context.run.progress.begin_phase("data", bytes_to_read(context), ProgressUnit::bytes);
    verify_all(
        mode, context.run.parallelism,
        [&](VerifyUnit& unit) { return !context.run.stop.stop_requested() && maker.next(unit); },
        [&](const VerifyUnit& unit, const UnitResult& result) {
            for (const auto& fault : result.faults) {
                for (auto& problem : problems_of(fault, filesystem)) {
                    problem.detail += problem.detail.empty() ? "" : "; ";
                    problem.detail += fault.mend == Mend::State::mendable ? "another copy is good" : "no copy is good";
                    context.findings.add(std::move(problem));
                }
            }
            bytes += bytes_of(unit);
            context.run.progress.advance(bytes_of(unit));
            return !context.run.stop.stop_requested();
        });
    return bytes;
}

} // namespace

u64 check_data(Context& context) {
    if ((context.geometry().super_flags & btrfs::super_flags_metadump) != 0) {
        context.findings.report(ProblemCode::not_checked, {}, "data: the image is a dump of metadata alone");
        return 0;
    }
    const auto root = find_tree(context, btrfs::csum_tree_id);
    return root ? verify_by_checksums(context, root->block) : 0;
}

} // namespace btrkit::check
