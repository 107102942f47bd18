// SPDX-License-Identifier: MIT
#include "libfs/survey/findings.h"

namespace btrkit::survey {

void Findings::add(Problem problem, std::optional<Mend> mend) {
    const u64 hash = std::hash<std::string>{}(describe(problem));
    if (told_.contains(hash)) {
        return;
    }
    u64& count = counts_[static_cast<std::size_t>(problem.code)];
    if (++count <= kept_of_each_code) {
        told_.insert(hash);
        findings_.push_back({.problem = std::move(problem), .mend = std::move(mend)});
    }
}

void Findings::add(Problems problems) {
    for (auto& problem : problems) {
        add(std::move(problem));
    }
}

u64 Findings::count(Severity severity) const {
    u64 sum = 0;
    for (const auto& info : problem_catalogue) {
        sum += info.severity == severity ? count(info.code) : 0;
    }
    return sum;
}

} // namespace btrkit::survey
