# The immediate-mode core and the widgets: they know base, and media's colours, and neither display nor pipeline.
add_library(besra_widgets OBJECT
  ${CMAKE_CURRENT_LIST_DIR}/canvas.c ${CMAKE_CURRENT_LIST_DIR}/icon.c ${CMAKE_CURRENT_LIST_DIR}/theme.c
  ${CMAKE_CURRENT_LIST_DIR}/ui.c ${CMAKE_CURRENT_LIST_DIR}/ui_text.c ${CMAKE_CURRENT_LIST_DIR}/widget_bar.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_bars.c ${CMAKE_CURRENT_LIST_DIR}/widget_button.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_dialogue.c ${CMAKE_CURRENT_LIST_DIR}/widget_divider.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_field.c ${CMAKE_CURRENT_LIST_DIR}/widget_keycaps.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_legend.c ${CMAKE_CURRENT_LIST_DIR}/widget_list.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_notice.c ${CMAKE_CURRENT_LIST_DIR}/widget_panel.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_progress.c ${CMAKE_CURRENT_LIST_DIR}/widget_scroll.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_slider.c ${CMAKE_CURRENT_LIST_DIR}/widget_timeline.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_toggle.c
  ${CMAKE_CURRENT_LIST_DIR}/widget_tooltip.c)
target_include_directories(besra_widgets PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)

# The screens of `besra view`: they know the viewer, and no display.
add_library(besra_view OBJECT
  ${CMAKE_CURRENT_LIST_DIR}/keys.c ${CMAKE_CURRENT_LIST_DIR}/view.c ${CMAKE_CURRENT_LIST_DIR}/view_bar.c ${CMAKE_CURRENT_LIST_DIR}/view_board.c
  ${CMAKE_CURRENT_LIST_DIR}/view_boxes.c ${CMAKE_CURRENT_LIST_DIR}/view_compare.c
  ${CMAKE_CURRENT_LIST_DIR}/view_dialogue.c ${CMAKE_CURRENT_LIST_DIR}/view_times.c ${CMAKE_CURRENT_LIST_DIR}/view_models.c
  ${CMAKE_CURRENT_LIST_DIR}/view_panel.c ${CMAKE_CURRENT_LIST_DIR}/view_prompt.c
  ${CMAKE_CURRENT_LIST_DIR}/view_settings.c ${CMAKE_CURRENT_LIST_DIR}/view_stage.c
  ${CMAKE_CURRENT_LIST_DIR}/view_status.c ${CMAKE_CURRENT_LIST_DIR}/view_strip.c
  ${CMAKE_CURRENT_LIST_DIR}/view_timeline.c ${CMAKE_CURRENT_LIST_DIR}/view_words.c)
target_include_directories(besra_view PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)

# The same of `besra live`.
add_library(besra_live_view OBJECT
  ${CMAKE_CURRENT_LIST_DIR}/live_view.c ${CMAKE_CURRENT_LIST_DIR}/live_view_keys.c
  ${CMAKE_CURRENT_LIST_DIR}/live_view_panel.c ${CMAKE_CURRENT_LIST_DIR}/live_view_shapes.c
  ${CMAKE_CURRENT_LIST_DIR}/live_view_stage.c ${CMAKE_CURRENT_LIST_DIR}/live_view_lens.c)
target_include_directories(besra_live_view PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
