// SPDX-License-Identifier: MIT
// The bodies of items as text, a function a family. Each writes whole lines that begin with two tabs, as far as the
// body goes, and never reads beyond it.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/render/local_time.h"
#include "libfs/render/render_context.h"

namespace btrkit::body_text {

/// One body on its way to text.
struct Body {
    TextBuffer& out;
    const RenderContext& context;
    LocalTime& time;
    btrfs::Key key;
    Bytes bytes;

    template <class T>
    const T* at(std::size_t offset = 0) const {
        return view_at<T>(bytes, offset);
    }
    /// A line's parts: " name value" pairs behind two tabs.
    Body& line() {
        out.put("\t\t");
        return *this;
    }
    Body& text(std::string_view text) {
        out.put(text);
        return *this;
    }
    Body& number(std::integral auto value) {
        out.dec(value);
        return *this;
    }
    void end() { out.put('\n'); }
    /// The bytes of a name or of a value, of which the peer shows no more than the longest name has; escaped, or
    /// HIDDEN.
    void name(std::size_t offset, std::size_t length) const {
        if (context.hide_names) {
            out.put(hidden_name);
        } else {
            put_escaped(out, as_text(clipped(bytes, offset, std::min<std::size_t>(length, btrfs::max_name_length))));
        }
    }
    void timespec(std::string_view name, const btrfs::Timespec& time_of) const {
        out.put("\t\t");
        out.put(name);
        out.put(' ');
        out.dec(u64{time_of.sec});
        out.put('.');
        out.dec(u32{time_of.nsec});
        out.put(" (");
        time.put(out, static_cast<std::int64_t>(u64{time_of.sec}));
        out.put(")\n");
    }
    void uuid(std::string_view name, const btrfs::Uuid& uuid) const {
        out.put("\t\t");
        out.put(name);
        out.put(' ');
        put_uuid(out, uuid);
        out.put('\n');
    }
};

// Files and directories (body_text_files.cpp)
void inode_item(Body& body);
void inode_refs(Body& body);
void inode_extrefs(Body& body);
void dir_items(Body& body);
void dir_log(Body& body);
void file_extent(Body& body);
void extent_csum(Body& body);

// Trees, extents and their references (body_text_extents.cpp)
void root_item(Body& body);
void root_ref(Body& body, std::string_view kind);
void extent_item(Body& body);
void extent_data_ref(Body& body);
void shared_data_ref(Body& body);
void extent_owner_ref(Body& body);

// Space, devices, quotas and what happens once (body_text_space.cpp)
void free_space_header(Body& body);
void free_space_info(Body& body);
void block_group_item(Body& body);
void dev_item(Body& body);
void dev_extent(Body& body);
void raid_stripe(Body& body);
void remap(Body& body);
void qgroup_status(Body& body);
void qgroup_info(Body& body);
void qgroup_limit(Body& body);
void uuid_item(Body& body);
void string_item(Body& body);
void persistent_item(Body& body);
void temporary_item(Body& body);
void dev_replace(Body& body);

} // namespace btrkit::body_text
