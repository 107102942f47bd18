// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/tree_rescan.h"

namespace btrkit::survey {

namespace {

class Visit final : public ScanHandler {
public:
    explicit Visit(const LeafFunction& visit) : visit_(visit) {}

    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }
    void accept(const ScanStep& step, const LeafVisit* leaf, std::unique_ptr<LeafResult>) override {
        if (step.kind == ScanStep::Kind::leaf && visit_) {
            visit_(*leaf);
        }
    }

private:
    const LeafFunction& visit_;
};

} // namespace

void rescan_leaves(Survey& survey, const ScanRoot& root, const LeafFunction& visit) {
    SparseBits visited;
    Visit handler(visit);
    scan_blocks(survey, {&root, 1}, {.shares = true, .thorough = false, .visited = &visited}, handler);
}

void rescan_references(Survey& survey, std::span<const ScanRoot> roots, bool shares, SparseBits& visited,
                       ReferenceSink& sink) {
    const LeafFunction nothing;
    Visit handler(nothing);
    scan_blocks(survey, roots, {.shares = shares, .thorough = false, .sink = &sink, .visited = &visited}, handler);
}

} // namespace btrkit::survey
