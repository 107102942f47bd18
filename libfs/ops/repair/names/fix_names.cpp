// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/file_type.h"
#include "libfs/ops/repair/inodes/lost_and_found.h"
#include "libfs/ops/repair/inodes/lost_directory.h"
#include "libfs/ops/repair/names/top_directory.h"
#include "libfs/ops/repair/names/tree_names.h"
#include "libfs/ops/repair/names/xattr_place.h"

namespace btrkit::repair {

namespace {

/// What a finding asks of one tree.
struct NameRequest {
    const survey::Finding* finding = nullptr;
    u64 tree = 0;
    TreeNames::Question question;
};

bool is_about_xattr(const survey::Finding& finding) {
    const auto& key = finding.problem.place.key;
    return key && key->type == btrfs::item_type::xattr_item;
}

bool is_about_type(const survey::Finding& finding) {
    return finding.problem.code == ProblemCode::dir_entry_type || finding.problem.code == ProblemCode::item_dir;
}

/// A finding about the name that a top directory has for itself.
bool is_about_top(const survey::Finding& finding) {
    const auto& place = finding.problem.place;
    const bool is_ref = place.key && place.key->type == btrfs::item_type::inode_ref;
    return finding.problem.code == ProblemCode::root_dir ? place.inode && is_top_directory(*place.inode)
                                                         : is_ref && is_top_directory(place.key->objectid);
}

class NameFixes {
public:
    NameFixes(Transaction& transaction, Round& round, TreeNames::Sureness sureness)
        : transaction_(&transaction), round_(&round), sureness_(sureness) {}

    Result<void> ask(const survey::Finding& finding) {
        const auto trees = trees_of(*transaction_, finding);
        if (!trees) {
            round_->decline(finding, trees.error().message);
            return {};
        }
        for (const u64 id : *trees) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(id));
            if (is_about_xattr(finding)) {
                BTRKIT_TRY_ASSIGN(const bool is_done, put_xattrs_in_place(*tree, *finding.problem.place.key));
                if (!is_done) {
                    round_->decline(finding, "what the attribute was does not follow from the rest");
                }
                continue;
            }
            if (is_about_top(finding)) {
                BTRKIT_TRY(renew_top(finding, *tree));
                continue;
            }
            auto& names = trees_.try_emplace(id, *tree, transaction_->geometry(), transaction_->generation(), sureness_)
                              .first->second;
            BTRKIT_TRY_ASSIGN(auto question, names.ask(finding.problem));
            requests_.push_back({.finding = &finding, .tree = id, .question = std::move(question)});
        }
        return {};
    }

    Result<void> settle() {
        if (sureness_ != TreeNames::Sureness::majority) {
            BTRKIT_TRY(make_directories());
        }
        for (auto& [id, names] : trees_) {
            BTRKIT_TRY(names.settle());
        }
        if (sureness_ == TreeNames::Sureness::dropping) {
            BTRKIT_TRY(keep_nameless());
        }
        for (const auto& request : requests_) {
            BTRKIT_TRY_ASSIGN(const bool is_settled, settle(request));
            if (!is_settled) {
                round_->decline(*request.finding, "what is right does not follow from the other forms of the name");
            }
        }
        return {};
    }

private:
    /// That inodes say they stand in.
    Result<void> make_directories() {
        std::map<u64, std::set<u64>> directories;
        for (const auto& request : requests_) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(request.tree));
            for (const u64 inode : request.question.inodes) {
                BTRKIT_TRY_ASSIGN(const auto refs, refs_of(*tree, inode));
                for (const auto& ref : refs) {
                    directories[request.tree].insert(ref.parent);
                }
            }
        }
        for (auto& [tree, lost] : directories) {
            BTRKIT_TRY(make_lost_directories(*transaction_, tree, std::move(lost), round_->now()));
        }
        return {};
    }

    /// What has lost its last name, unless it waits to be deleted.
    Result<void> keep_nameless() {
        for (const auto& request : requests_) {
            for (const u64 inode : request.question.inodes) {
                BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(request.tree));
                BTRKIT_TRY_ASSIGN(const auto orphan,
                                  tree->find({btrfs::orphan_objectid, btrfs::item_type::orphan_item, inode}));
                if (!orphan) {
                    BTRKIT_TRY(keep_if_nameless(*transaction_, {.tree = request.tree, .inode = inode}, round_->now()));
                }
            }
        }
        return {};
    }

    Result<void> renew_top(const survey::Finding& finding, TreeBuffer& tree) {
        const auto& place = finding.problem.place;
        const auto done = renew_top_directory(tree, place.key ? place.key->objectid : *place.inode);
        if (!done && done.error().kind == ErrorKind::not_found) {
            round_->decline(finding, done.error().message);
            return {};
        }
        return done;
    }

    Result<bool> settle(const NameRequest& request) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(request.tree));
        if (request.finding->problem.code == ProblemCode::dir_entry_type && request.question.inodes.empty()) {
            return settle_subvolume_type(*tree, *request.finding->problem.place.key);
        }
        if (!trees_.at(request.tree).is_settled(request.question)) {
            return false;
        }
        for (const u64 inode : request.question.inodes) {
            if (is_about_type(*request.finding)) {
                BTRKIT_TRY_ASSIGN(const bool has_type, settle_file_type(*tree, inode));
                if (!has_type) {
                    return false;
                }
            }
        }
        return true;
    }

    Transaction* transaction_;
    Round* round_;
    TreeNames::Sureness sureness_;
    std::map<u64, TreeNames> trees_;
    std::vector<NameRequest> requests_;
};

Result<void> fix_names_by(Transaction& transaction, const FindingList& findings, Round& round,
                          TreeNames::Sureness sureness) {
    NameFixes fixes(transaction, round, sureness);
    for (const auto* finding : findings) {
        BTRKIT_TRY(fixes.ask(*finding));
    }
    return fixes.settle();
}

} // namespace

Result<void> fix_names(Transaction& transaction, const FindingList& findings, Round& round) {
    return fix_names_by(transaction, findings, round, TreeNames::Sureness::majority);
}

Result<void> guess_names(Transaction& transaction, const FindingList& findings, Round& round) {
    return fix_names_by(transaction, findings, round, TreeNames::Sureness::one_form);
}

Result<void> drop_names(Transaction& transaction, const FindingList& findings, Round& round) {
    return fix_names_by(transaction, findings, round, TreeNames::Sureness::dropping);
}

} // namespace btrkit::repair
