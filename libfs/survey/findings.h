// SPDX-License-Identifier: MIT
// What a verb found, in the order in which it looked.
#pragma once

#include "libfs/base/problem.h"

#include <array>
#include <memory>
#include <unordered_set>

namespace btrkit::survey {

/// Files of one subvolume that a finding concerns.
struct Affected {
    u64 tree = 0;
    std::string subvolume;          ///< its path from the top; "/" for the top-level tree
    std::vector<std::string> paths; ///< of files in it, from its own top; empty: the subvolume as a whole
    bool has_more = false;          ///< there are more files than these
};

/// What was or could be done about a finding, where a verb looked.
struct Mend {
    enum class State : u8 {
        mended,
        mendable,    ///< it was not to be mended, but it could be
        unmendable,  ///< nothing has what is right
        undecidable, ///< which of several is right can't be told
        failed,      ///< it could not be written
    };
    State state = State::mendable;
    std::string from = {}; ///< where the right bytes are: "mirror 2", "parity", a donor's path; empty: nowhere
};

struct Finding {
    Problem problem;
    std::optional<Mend> mend = {};
    /// Filled in last of all (naming.h). Empty: nothing refers to it, or it is about no file.
    std::vector<Affected> affected = {};
    u64 subvolume_count = 0;   ///< of those that it concerns, in affected or not
    bool affects_more = false; ///< there were too many to tell, or to look for, all
    /// Further trees that differ from what they should be in just this, and were not looked at by themselves. Null:
    /// none.
    std::shared_ptr<const std::vector<u64>> alike_trees = {};
};

/// Takes findings from one thread at a time. The same one is kept once, however often it is told; all of them are
/// counted, and of each code the first `kept_of_each_code` are kept: damage without end must not fill the memory.
class Findings {
public:
    static constexpr std::size_t kept_of_each_code = 10'000;

    void add(Problem problem, std::optional<Mend> mend = {});
    void add(Problems problems);

    void report(ProblemCode code, Place place, std::string detail) {
        add({.code = code, .place = std::move(place), .detail = std::move(detail)});
    }
    /// By a rule that only btrkit has, about an item that every kernel's tree-checker takes.
    void report_own(ProblemCode code, Place place, std::string detail) {
        add({.code = code,
             .place = std::move(place),
             .detail = std::move(detail),
             .refused_by = KernelTrait::no_kernel});
    }

    std::vector<Finding>& all() { return findings_; }
    const std::vector<Finding>& all() const { return findings_; }
    /// How many there were, kept or not.
    u64 count(ProblemCode code) const { return counts_[static_cast<std::size_t>(code)]; }
    bool any(ProblemCode code) const { return count(code) > 0; }
    u64 count(Severity severity) const;

private:
    std::vector<Finding> findings_;
    std::unordered_set<u64> told_; ///< hashes of those that are kept
    std::array<u64, static_cast<std::size_t>(ProblemCode::count_)> counts_{};
};

} // namespace btrkit::survey
