// SPDX-License-Identifier: MIT
#include "libfs/edit/subvolume_editor.h"
#include "libfs/ops/repair/fixes.h"

namespace btrkit::repair {

namespace {

Result<void> choose_for(SubvolumeEditor& editor, const survey::Finding& finding) {
    if (finding.problem.code == ProblemCode::root_default) {
        return editor.set_default(btrfs::fs_tree_id);
    }
    const auto& key = finding.problem.place.key;
    if (!key) {
        return fail(ErrorKind::not_found, "the finding does not say of which subvolume");
    }
    // What becomes writable forgets where it came from.
    BTRKIT_TRY(editor.set_read_only(key->objectid, true, false));
    return editor.set_read_only(key->objectid, false, true);
}

} // namespace

Result<void> fix_subvolume_choices(Transaction& transaction, const FindingList& findings, Round& round) {
    SubvolumeEditor editor(transaction, round.now());
    for (const auto* finding : findings) {
        const auto done = choose_for(editor, *finding);
        const bool is_refused =
            !done && (done.error().kind == ErrorKind::refused || done.error().kind == ErrorKind::not_found);
        if (is_refused) {
            round.decline(*finding, done.error().message);
        } else {
            BTRKIT_TRY(done);
        }
    }
    return {};
}

} // namespace btrkit::repair
