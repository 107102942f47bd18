// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/question.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::survey {

namespace {

namespace type = btrfs::item_type;

/// Findings about the bytes of extents.
bool finding_is_about_data(ProblemCode code) {
    return code == ProblemCode::data_unreadable || code == ProblemCode::data_checksum ||
           code == ProblemCode::data_csum_missing || code == ProblemCode::data_copies_differ ||
           code == ProblemCode::raid_stripe_missing ||
           (code >= ProblemCode::extent_missing && code <= ProblemCode::extent_place);
}

/// The inodes that have keys among these; none where that is all there are.
Range inodes_in(const KeyRange& keys) {
    if (!keys.end && keys.first == btrfs::Key::min()) {
        return {};
    }
    Range inodes{keys.first.objectid, btrfs::last_free_objectid};
    if (keys.end) {
        // An inode begins with its INODE_ITEM: nothing of one is lost where that is what comes next.
        const u64 beyond = keys.end->type > type::inode_item ? 1 : 0;
        inodes.end = std::min(inodes.end, keys.end->objectid + beyond);
    }
    return inodes.start < inodes.end ? inodes : Range{};
}

class Asker {
public:
    explicit Asker(Survey& survey) : survey_(survey) {
        for (const auto& finding : survey.findings.all()) {
            if (finding.problem.place.keys && finding.problem.place.logical) {
                lost_.try_emplace(finding.problem.place.logical->bytenr, *finding.problem.place.keys);
            }
        }
    }

    std::optional<Question> ask(const Problem& problem) {
        const auto& place = problem.place;
        if (place.tree && is_subvolume(*place.tree)) {
            return ask_in_subvolume(place);
        }
        if (place.tree == btrfs::root_tree_id && place.key) {
            return ask_of_root_item(*place.key);
        }
        if (place.logical && place.length && finding_is_about_data(problem.code)) {
            const u64 start = place.logical->bytenr;
            return Question{.data = Range{start, start + std::min(*place.length, ~u64{0} - start)}};
        }
        if (place.logical && !place.tree) {
            return ask_of_block(place);
        }
        return std::nullopt;
    }

private:
    std::optional<Question> ask_in_subvolume(const Place& place) {
        if (!place.logical) {
            return Question{.subvolume = place.tree, .inode = inode_of(place)};
        }
        auto question = ask_of_block(place);
        if (!question) {
            return Question{.subvolume = place.tree, .inode = inode_of(place)};
        }
        return question;
    }

    static std::optional<u64> inode_of(const Place& place) {
        auto inode = place.inode;
        if (!inode && place.key) {
            inode = place.key->objectid;
        }
        const bool is_inode = inode && *inode >= btrfs::first_free_objectid && *inode <= btrfs::last_free_objectid;
        return is_inode ? inode : std::nullopt;
    }

    static std::optional<Question> ask_of_root_item(const btrfs::Key& key) {
        const bool is_root = key.type == type::root_item || key.type == type::root_backref;
        const u64 id = is_root ? key.objectid : key.offset;
        const bool names_one = (is_root || key.type == type::root_ref) && is_subvolume(id);
        return names_one ? std::optional(Question{.subvolume = id}) : std::nullopt;
    }

    /// By a key that leads to the block: that of what can't be read is known from what should lead there.
    std::optional<Question> ask_of_block(const Place& place) {
        Question question{.block = place.logical, .inode = inode_of(place)};
        if (const auto lost = lost_.find(place.logical->bytenr); lost != lost_.end()) {
            question.key = lost->second.first;
            if (!question.inode) {
                question.lost_inodes = inodes_in(lost->second);
            }
            return question;
        }
        if (place.key && place.tree) {
            question.key = *place.key;
            return question;
        }
        const auto key = first_key_of(*place.logical);
        if (!key) {
            return std::nullopt;
        }
        question.key = *key;
        return question;
    }

    /// Nothing where it is no block of a subvolume.
    std::optional<btrfs::Key> first_key_of(Logical address) {
        const auto [place, is_new] = first_keys_.try_emplace(address.bytenr);
        if (is_new && survey_.filesystem.volume().mirror_count(address) > 0) {
            const OwnedBlock block(survey_.filesystem.reader(), {.address = address});
            if (block.is_proven() && block.block().count() > 0 && is_subvolume(block.block().header().owner)) {
                place->second = block.block().key(0);
            }
        }
        return place->second;
    }

    Survey& survey_;
    std::unordered_map<u64, KeyRange> lost_; ///< by address
    std::unordered_map<u64, std::optional<btrfs::Key>> first_keys_;
};

} // namespace

std::vector<Question> ask(Survey& survey) {
    std::vector<Question> questions;
    Asker asker(survey);
    const auto& findings = survey.findings.all();
    for (std::size_t i = 0; i < findings.size() && !survey.run.stop.stop_requested(); ++i) {
        if (auto question = asker.ask(findings[i].problem)) {
            question->finding = i;
            questions.push_back(*question);
        }
    }
    return questions;
}

} // namespace btrkit::survey
