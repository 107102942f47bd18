// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/naming.h"

#include "libfs/survey/naming/leaf_search.h"
#include "libfs/survey/naming/paths.h"
#include "libfs/survey/naming/reach.h"

#include <set>

namespace btrkit::survey {

namespace {

/// Entries of `affected` of all findings together.
constexpr u64 most_entries = 200'000;
constexpr u64 fewest_entries_each = 10;
constexpr u64 most_paths_each = 1000;
constexpr u64 most_paths = 500'000;
constexpr u64 most_hits_each = 10'000;

class Naming {
public:
    Naming(Survey& survey, std::span<const Question> questions)
        : survey_(survey), cache_(survey.filesystem.reader(), survey.run.memory_bytes / 8),
          reach_(survey.roots, cache_), paths_(survey.roots, cache_), hits_(search_leaves(survey, questions)),
          most_subvolumes_(std::max(fewest_entries_each, most_entries / std::max<u64>(questions.size(), 1))) {}

    void answer_all(std::span<const Question> questions) {
        for (const auto& question : questions) {
            if (survey_.run.stop.stop_requested()) {
                return;
            }
            answer(question);
        }
    }

    /// Inodes without names of their own, but perhaps directory entries have them: to be asked once more.
    std::vector<Question> release_nameless() { return std::move(nameless_); }
    void search_again(std::span<const Question> questions) { hits_ = search_leaves(survey_, questions); }

private:
    struct Answer {
        std::set<std::string> paths = {};
        bool has_more = false;
    };

    void answer(const Question& question) {
        auto& finding = survey_.findings.all()[question.finding];
        if (cache_.is_exhausted() || path_count_ >= most_paths) {
            finding.affects_more = true;
            return;
        }
        answers_.clear();
        is_cut_ = false;
        if (question.data.length() > 0) {
            answer_data(question.data);
        } else if (question.subvolume) {
            answer_subvolume(question);
        } else {
            answer_block(question);
        }
        if (question.lost_inodes.length() > 0 && !answers_.empty()) {
            add_names(question.lost_inodes);
        } else if (question.inode && !answers_.empty() && answers_.begin()->second.paths.empty()) {
            nameless_.push_back(question);
            nameless_.back().lost_inodes = {*question.inode, *question.inode + 1};
        }
        fill(finding);
    }

    void answer_subvolume(const Question& question) {
        const auto* record = survey_.roots.find(*question.subvolume);
        // One that is being deleted has no name any more; where it has, that it is being deleted is what is wrong.
        const auto names_it = [&](const RootRefRecord& back) { return back.child == *question.subvolume; };
        if (record != nullptr && (!record->is_dropping() || std::ranges::any_of(survey_.roots.backrefs, names_it))) {
            answers_.try_emplace(record);
            add_inode(*record, question.inode);
        }
    }

    void answer_block(const Question& question) {
        const auto reached = reach_.of(*question.block, question.key);
        for (const u32 number : reached) {
            const auto& record = *reach_.subvolumes()[number];
            answers_.try_emplace(&record);
            if (answers_.size() <= most_subvolumes_) {
                add_inode(record, question.inode);
            }
        }
    }

    /// The names that the subvolumes which have lost something still have for it.
    void add_names(Range inodes) {
        u64 count = 0;
        hits_.names.for_each(inodes, [&](const LeafHit& hit) {
            for (const u32 number : reach_.of(hit.leaf, hit.key)) {
                const auto& record = *reach_.subvolumes()[number];
                if (const auto answer = answers_.find(&record); answer != answers_.end()) {
                    add_path(answer->second, [&] { return paths_.of_entry(record, hit.key.objectid, hit.name); });
                }
            }
            return go_on(++count);
        });
        is_cut_ = is_cut_ || hits_.names.is_full();
    }

    void answer_data(Range bytes) {
        u64 count = 0;
        hits_.data.for_each(bytes, [&](const LeafHit& hit) {
            for (const u32 number : reach_.of(hit.leaf, hit.key)) {
                const auto& record = *reach_.subvolumes()[number];
                const auto [answer, is_new] = answers_.try_emplace(&record);
                if (answers_.size() <= most_subvolumes_ || !is_new) {
                    add_inode(record, hit.key.objectid);
                }
            }
            return go_on(++count);
        });
        is_cut_ = is_cut_ || hits_.data.is_full();
    }

    bool go_on(u64 count) {
        const bool goes_on = count < most_hits_each && !cache_.is_exhausted() && path_count_ < most_paths;
        is_cut_ = is_cut_ || !goes_on;
        return goes_on;
    }

    void add_inode(const RootRecord& record, std::optional<u64> inode) {
        if (!inode) {
            return;
        }
        auto& answer = answers_[&record];
        for (auto& path : paths_.of_inode(record, *inode)) {
            add_path(answer, [&] { return std::move(path); });
        }
    }

    template <class Make>
    void add_path(Answer& answer, Make&& make) {
        if (answer.paths.size() >= most_paths_each || path_count_ >= most_paths) {
            answer.has_more = true;
        } else {
            path_count_ += answer.paths.insert(make()).second ? 1 : 0;
        }
    }

    void fill(Finding& finding) {
        finding.affected.clear();
        finding.subvolume_count = answers_.size();
        finding.affects_more = is_cut_ || cache_.is_exhausted() || answers_.size() > most_subvolumes_;
        for (auto& [record, answer] : answers_) {
            if (finding.affected.size() == most_subvolumes_) {
                break;
            }
            finding.affected.push_back({.tree = record->id(),
                                        .subvolume = paths_.of_subvolume(record->id()),
                                        .paths = {answer.paths.begin(), answer.paths.end()},
                                        .has_more = answer.has_more});
        }
    }

    struct ById {
        bool operator()(const RootRecord* left, const RootRecord* right) const { return left->id() < right->id(); }
    };

    Survey& survey_;
    LimitedCache cache_;
    Reach reach_;
    Paths paths_;
    Hits hits_;
    u64 most_subvolumes_;
    u64 path_count_ = 0;
    std::vector<Question> nameless_;

    // Of the question at hand.
    std::map<const RootRecord*, Answer, ById> answers_;
    bool is_cut_ = false;
};

} // namespace

void name_affected(Survey& survey) {
    const auto questions = ask(survey);
    if (questions.empty()) {
        return;
    }
    Naming naming(survey, questions);
    naming.answer_all(questions);
    const auto nameless = naming.release_nameless();
    naming.search_again(nameless);
    naming.answer_all(nameless);
}

} // namespace btrkit::survey
