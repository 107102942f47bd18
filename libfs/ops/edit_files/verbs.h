// SPDX-License-Identifier: MIT
// Each command done in a transaction.
#pragma once

#include "libfs/edit/file_data_editor.h"
#include "libfs/edit/file_editor.h"
#include "libfs/ops/edit_files/change.h"

#include <map>

namespace btrkit::edit_files {

class Verbs {
public:
    /// All must outlive it.
    Verbs(Transaction& transaction, const ChangeOptions& options, const RunContext& context)
        : options_(&options), context_(&context), inodes_(transaction, options.now), files_(inodes_), data_(inodes_) {}

    Result<void> operator()(const Put& put);
    Result<void> operator()(const MakeDirectory& wanted);
    Result<void> operator()(const Remove& wanted);
    Result<void> operator()(const Move& move);
    Result<void> operator()(const Link& link);
    Result<void> operator()(const ChangeMode& change);
    Result<void> operator()(const ChangeOwner& change);
    Result<void> operator()(const Touch& touch);
    Result<void> operator()(const Truncate& truncate);
    Result<void> operator()(const SetXattr& set);
    Result<void> operator()(const RemoveXattr& remove);
    Result<void> operator()(const MakeNode& wanted);
    Result<void> operator()(const ChangeFlags& change);
    Result<void> operator()(const Copy& wanted);

private:
    Result<source::SourceTree> read_source(const Put& put) const;
    Result<PlaceInTree> find(std::string_view path) { return files_.directories().find(path); }
    Result<NamedPlace> find_parent(const std::string& path) { return files_.directories().find_parent(path); }
    Result<bool> is_there(const NamedPlace& place);
    Result<void> make_parents(const std::string& path);
    Result<PlaceInTree> make(const NamedPlace& place, NewFile wanted);
    Result<void> copy(const PlaceInTree& top, const NamedPlace& to, bool recursive);
    Result<PlaceInTree> copy_entry(const PlaceInTree& from, const NamedPlace& to);
    Result<PlaceInTree> copy_name(const PlaceInTree& from, const NamedPlace& to, std::map<u64, PlaceInTree>& linked);

    /// Calls change(place) for what the path names and, if it is asked for, for all below it in the same subvolume.
    template <class Change>
    Result<void> for_each(const std::string& path, bool recursive, Change change);

    const ChangeOptions* options_;
    const RunContext* context_;
    InodeEditor inodes_;
    FileEditor files_;
    FileDataEditor data_;
};

} // namespace btrkit::edit_files
