// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/phases.h"

#include "libfs/survey/scan/block_scan.h"
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::scrub {

using namespace survey;

namespace {

bool is_lost_file_block(const Finding& finding) {
    const auto& place = finding.problem.place;
    return finding.mend && finding.mend->state == Mend::State::unmendable && place.logical && !place.length &&
           (!place.tree || is_subvolume(*place.tree)) && finding.problem.code >= ProblemCode::block_unreadable &&
           finding.problem.code <= ProblemCode::block_lost;
}

class LostKeys final : public ScanHandler {
public:
    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }

    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult>) override {
        if (step.kind == ScanStep::Kind::lost) {
            lost_.try_emplace(step.promise.address.bytenr, lost_range(step.promise));
        }
    }

    const Problem* find(Logical address) const {
        const auto found = lost_.find(address.bytenr);
        return found == lost_.end() ? nullptr : &found->second;
    }

private:
    std::map<u64, Problem> lost_;
};

} // namespace

void find_lost_keys(Survey& survey) {
    auto& findings = survey.findings.all();
    if (std::ranges::none_of(findings, is_lost_file_block)) {
        return;
    }
    LostKeys keys;
    SparseBits visited;
    scan_blocks(survey, file_tree_roots(survey.roots), {.shares = true, .thorough = false, .visited = &visited}, keys);
    for (auto& finding : findings) {
        if (!is_lost_file_block(finding)) {
            continue;
        }
        if (const Problem* lost = keys.find(*finding.problem.place.logical)) {
            auto& problem = finding.problem;
            problem.place.keys = lost->place.keys;
            problem.detail += (problem.detail.empty() ? "" : "; ") + lost->detail;
        }
    }
}

} // namespace btrkit::scrub
