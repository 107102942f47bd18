// SPDX-License-Identifier: MIT
#include "libfs/ops/commit/proof.h"

#include "libfs/ops/check/check.h"
#include "libfs/volume/superblock_writer.h"

#include <map>
#include <random>
#include <tuple>

namespace btrkit::commit {

Result<Filesystem> open_proposed(const Proposal& proposal, const ProblemSink& problems) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    WritableDevices writable;
    for (const auto& [devid, overlay] : proposal.overlays) {
        auto device = std::make_unique<OverlayDevice>(*overlay, OverlayDevice::Room{});
        writable[devid] = device.get();
        devices.push_back(std::move(device));
    }
    BTRKIT_TRY(SuperblockWriter(writable).commit(proposal.supers));
    return Filesystem::open(std::move(devices), {}, problems);
}

namespace {

Result<survey::Findings> check_all(const Filesystem& filesystem, survey::Findings opening, const RunContext& context) {
    const check::Options options = {.hash_seed = std::random_device{}()};
    auto report = check::run(filesystem, std::move(opening), options, context);
    if (report.stopped) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    return std::move(report.findings);
}

auto place_of(const Problem& problem) {
    return std::tuple(problem.code, problem.place.tree, problem.place.key, problem.place.inode);
}

} // namespace

Result<survey::Findings> check_proposed(const Proposal& proposal, const RunContext& context) {
    RunContext quiet = context;
    quiet.problems = {};
    survey::Findings opening;
    BTRKIT_TRY_ASSIGN(const auto proposed,
                      open_proposed(proposal, [&](const Problem& problem) { opening.add(problem); }));
    return check_all(proposed, std::move(opening), quiet);
}

Result<survey::Findings> prove(const Filesystem& committed, const Proposal& proposal, const RunContext& context) {
    RunContext quiet = context;
    quiet.problems = {};
    BTRKIT_TRY_ASSIGN(const auto after, check_proposed(proposal, context));
    survey::Findings fresh;
    if (after.all().empty()) {
        return fresh;
    }
    BTRKIT_TRY_ASSIGN(const auto before, check_all(committed, {}, quiet));
    std::map<decltype(place_of(std::declval<Problem>())), unsigned> known;
    for (const auto& finding : before.all()) {
        ++known[place_of(finding.problem)];
    }
    for (const auto& finding : after.all()) {
        const auto found = known.find(place_of(finding.problem));
        if (found != known.end() && found->second > 0) {
            --found->second;
        } else if (finding.problem.severity() != Severity::note) {
            fresh.add(finding.problem);
        }
    }
    return fresh;
}

} // namespace btrkit::commit
